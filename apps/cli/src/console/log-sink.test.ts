import { PassThrough } from "node:stream";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { createLogger } from "../bridge/json-logger.ts";
import { jsonSink, prettySink, printable, processSink, tellOfLostOutput } from "./log-sink.ts";

const line = { name: "app", stream: "stderr", at: Date.UTC(2026, 0, 2), text: "hello", pid: 7 } as const;

describe("on anything but a terminal", () => {
  test("every line is one JSON object, the ships' too", () => {
    const written: string[] = [];
    const sink = jsonSink((text) => written.push(text));
    createLogger({ clock: new FakeClock(), write: sink.own }).child({ bind: "http" }).info("Listening", { address: "x" });
    sink.ship(line);
    expect(written.map((text) => JSON.parse(text))).toEqual([
      { time: "2026-01-01T00:00:00.000Z", level: "info", message: "Listening", bind: "http", address: "x" },
      { time: "2026-01-02T00:00:00.000Z", ship: "app", pid: 7, stream: "stderr", msg: "hello" },
    ]);
    expect(written.every((text) => text.endsWith("\n"))).toBe(true);
  });

  test("lines of ships that take turns keep their own name, process, stream and time", () => {
    const written: string[] = [];
    const sink = jsonSink((text) => written.push(text));
    const other = { ...line, name: 'b"c', text: 'say "\u2028"' };
    const lines = [
      line,
      other,
      line,
      { ...line, pid: 8 },
      { ...line, pid: undefined },
      { ...line, at: line.at + 1 },
      { ...line, stream: "stdout" } as const,
    ];
    for (const one of lines) sink.ship(one);
    expect(written.map((text) => JSON.parse(text))).toEqual(
      lines.map(({ name, stream, at, text, pid }) => ({
        time: new Date(at).toISOString(),
        ship: name,
        ...(pid !== undefined && { pid }),
        stream,
        msg: text,
      })),
    );
  });

  test("no password of a URL and no stack of an error gets out", () => {
    const written: string[] = [];
    const log = createLogger({ clock: new FakeClock(), write: jsonSink((text) => written.push(text)).own });
    log.warn("no answer", { url: "postgres://app:secret@db/x", error: new Error("cannot reach postgres://app:secret@db") });
    expect(written.join()).not.toContain("secret");
    expect(JSON.parse(written[0] ?? "")).toMatchObject({ error: "cannot reach postgres://app:***@db" });
  });

  test("lines below the level are not made", () => {
    const written: string[] = [];
    const log = createLogger({ clock: new FakeClock(), level: "warn", write: () => written.push("x") });
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(written.length).toBe(2);
  });
});

describe("on a terminal", () => {
  test("the name stands before each line, padded to the longest", () => {
    const written: string[] = [];
    const sink = prettySink((text) => written.push(text), { names: ["app", "a-much-longer-name-than-fits"], color: false });
    sink.ship(line);
    sink.own({ time: 0, level: "info", message: "Listening", fields: { bind: "http", what: undefined, detail: "two words" } });
    expect(written).toEqual(["app                  | hello\n", 'mothership           | Listening bind=http detail="two words"\n']);
  });

  test("a change of status is a sentence, not a list of fields", () => {
    const written: string[] = [];
    const sink = prettySink((text) => written.push(text), { names: [], color: false });
    sink.own({
      time: 0,
      level: "info",
      message: "Status changed",
      fields: { status: "preflight", from: "initializing", reason: undefined },
    });
    sink.own({ time: 0, level: "error", message: "Status changed", fields: { status: "failed", from: "prelaunch", reason: "no table" } });
    expect(written).toEqual(["mothership | preflight\n", "mothership | failed: no table\n"]);
  });

  test("a ship may use colours, but cannot move the cursor, clear the screen or set the title", () => {
    expect(printable("\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1H\x1b]0;title\x07\rover\x07\x9bx\ttab")).toBe("\x1b[31mred\x1b[0m overx\ttab");
  });
});

describe("standard output under the lines of ships", () => {
  const whole = { ...line, seq: 1, continued: false, dropped: 0 };

  test("tells all processes at once when its reader has caught up, with one listener", async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const sink = processSink(
      "stdout",
      jsonSink((text) => void stream.write(text)),
      stream,
    );
    const room = [sink.write(whole, Buffer.alloc(0)), sink.write(whole, Buffer.alloc(0))];
    const listeners = stream.listenerCount("drain");
    const told = Promise.all(Array.from({ length: 20 }, () => new Promise<void>((resolve) => sink.onDrain(resolve))));
    stream.resume();
    await told;
    expect([room.at(-1), listeners, stream.listenerCount("drain")]).toEqual([false, 1, 1]);
  });

  test("counts what comes after its reader has gone as lost, and leaves nobody waiting", async () => {
    const stream = new PassThrough();
    const sink = processSink(
      "stdout",
      jsonSink(() => undefined),
      stream,
    );
    const told = new Promise<void>((resolve) => sink.onDrain(resolve));
    stream.destroy();
    await told;
    expect(() => sink.write(whole, Buffer.alloc(0))).toThrowError("nobody reads it any more");
  });

  test("counts what comes after its reader has gone as lost where the stream is never destroyed, as standard output", () => {
    const stream = new PassThrough({ autoDestroy: false });
    const sink = processSink(
      "stdout",
      jsonSink(() => undefined),
      stream,
    );
    const said: string[] = [];
    tellOfLostOutput(stream, (text) => said.push(text));
    stream.emit("error", Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" }));
    expect(sink.write(whole, Buffer.alloc(0))).toBe(true);
    for (let time = 0; time < 3; time++) stream.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(() => sink.write(whole, Buffer.alloc(0))).toThrowError("nobody reads it any more");
    expect(said).toEqual([
      "mothership: its output is lost: ENOSPC: no space\n",
      "mothership: its output is lost: nobody reads it any more\n",
    ]);
  });
});
