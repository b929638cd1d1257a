import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LogLine } from "./lines.ts";
import { renderJson, renderPrefixed, streamSink } from "./render.ts";

const line: LogLine = {
  name: "web",
  stream: "stderr",
  pid: 7,
  seq: 3,
  at: Date.UTC(2026, 0, 2),
  text: 'said "hi"',
  continued: false,
  dropped: 0,
};

describe("rendering", () => {
  test("for a person pads the name and colours it, always alike", () => {
    expect(renderPrefixed(line, { width: 6, color: false })).toBe('web    | said "hi"\n');
    const colored = renderPrefixed(line, { width: 3, color: true });
    expect(colored).toMatch(/^\u001b\[\d+mweb \|\u001b\[0m said "hi"\n$/);
    expect(renderPrefixed(line, { width: 3, color: true })).toBe(colored);
  });

  test("for a program is one object in one line, whatever the text", () => {
    expect(JSON.parse(renderJson(line))).toEqual({
      ts: "2026-01-02T00:00:00.000Z",
      ship: "web",
      pid: 7,
      stream: "stderr",
      seq: 3,
      msg: 'said "hi"',
    });
    const rendered = renderJson({ ...line, text: "a\u2028b\u0000c", continued: true });
    expect(rendered.trimEnd()).not.toContain("\n");
    expect(JSON.parse(rendered)).toMatchObject({ msg: "a\u2028b\u0000c", continued: true });
  });

  test("into a stream passes its back-pressure on", async () => {
    let taken = (): void => undefined;
    const stream = new Writable({
      highWaterMark: 15,
      write: (_chunk, _encoding, done) => {
        taken = done;
      },
    });
    const sink = streamSink("out", stream, (one) => `${one.text}\n`);
    expect([sink.write(line, Buffer.alloc(0)), sink.write(line, Buffer.alloc(0))]).toEqual([true, false]);
    const drained = Promise.all(Array.from({ length: 20 }, () => new Promise<void>((resolve) => sink.onDrain(resolve))));
    expect(stream.listenerCount("drain")).toBe(1);
    taken();
    await new Promise((resolve) => setImmediate(resolve));
    taken();
    await drained;
  });
});
