import { describe, expect, test } from "vitest";
import type { LogLine } from "./lines.ts";
import { LogBuffer } from "./log-buffer.ts";

function line(seq: number, text = `line ${seq}`): LogLine {
  return { name: "web", stream: "stdout", pid: 1, seq, at: 0, text, continued: false, dropped: 0 };
}

function fill(buffer: LogBuffer, count: number, bytes = 10): void {
  for (let seq = 1; seq <= count; seq++) buffer.add(line(seq), bytes);
}

const seqs = (lines: readonly LogLine[]): number[] => lines.map(({ seq }) => seq);

describe("LogBuffer", () => {
  test("keeps the last lines, by count", () => {
    const buffer = new LogBuffer({ maxLines: 3, maxBytes: 1_000 });
    fill(buffer, 10);
    expect(seqs(buffer.tail(100))).toEqual([8, 9, 10]);
    expect(seqs(buffer.tail(2))).toEqual([9, 10]);
    expect(buffer.tail(0)).toEqual([]);
  });

  test("keeps the last lines, by bytes", () => {
    const buffer = new LogBuffer({ maxLines: 1_000, maxBytes: 25 });
    fill(buffer, 10);
    expect(seqs(buffer.tail(100))).toEqual([9, 10]);
    buffer.resize({ maxLines: 1, maxBytes: 25 });
    expect(seqs(buffer.tail(100))).toEqual([10]);
  });

  test("gives a reader the kept lines and then each that comes, once", async () => {
    const buffer = new LogBuffer({ maxLines: 100, maxBytes: 1_000 });
    fill(buffer, 2);
    const reading = buffer.read({});
    expect((await reading.next()).value).toMatchObject({ seq: 1 });
    buffer.add(line(3), 10);
    expect((await reading.next()).value).toMatchObject({ seq: 2 });
    expect((await reading.next()).value).toMatchObject({ seq: 3 });
    const waiting = reading.next();
    buffer.add(line(4), 10);
    expect((await waiting).value).toMatchObject({ seq: 4 });
    buffer.close();
    expect((await reading.next()).done).toBe(true);
  });

  test("drops for a reader that is too slow, tells it how many, and costs the others nothing", async () => {
    const buffer = new LogBuffer({ maxLines: 10, maxBytes: 1_000 });
    const reading = buffer.read({});
    const first = reading.next();
    buffer.add(line(1), 10);
    await first;
    for (let seq = 2; seq <= 20_000; seq++) buffer.add(line(seq), 1_000);
    expect(buffer.dropped).toBeGreaterThan(15_000);
    let last = 1;
    while (last < 20_000 - buffer.dropped) last = (await reading.next()).value!.seq;
    // Its queue is empty now, and the next line says what was lost before it.
    const next = reading.next();
    buffer.add(line(20_001), 10);
    expect((await next).value).toMatchObject({ seq: 20_001, dropped: 20_000 - last });
    await reading.return(undefined);
  });

  test("limits a flood of empty lines to a reader too", async () => {
    const buffer = new LogBuffer({ maxLines: 10, maxBytes: 1_000 });
    const reading = buffer.read({});
    const first = reading.next();
    for (let seq = 1; seq <= 100_000; seq++) buffer.add(line(seq, ""), 0);
    await first;
    expect(buffer.dropped).toBeGreaterThan(80_000);
    await reading.return(undefined);
  });

  test("ends with the signal of the reader", async () => {
    const buffer = new LogBuffer({ maxLines: 10, maxBytes: 1_000 });
    const ending = new AbortController();
    const reading = buffer.read({ signal: ending.signal });
    const waiting = reading.next();
    ending.abort();
    expect((await waiting).done).toBe(true);
  });
});
