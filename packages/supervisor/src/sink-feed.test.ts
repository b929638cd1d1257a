import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { LogLine } from "./lines.ts";
import { SinkFeed } from "./sink-feed.ts";

const line: LogLine = { name: "web", stream: "stdout", pid: 1, seq: 1, at: 0, text: "x", continued: false, dropped: 0 };
const bytes = Buffer.from("x");

function bench(): {
  clock: FakeClock;
  feed: SinkFeed;
  written: () => number;
  drops: number[];
  rooms: () => number;
  fill(): void;
  drain(): void;
} {
  const clock = new FakeClock();
  const drops: number[] = [];
  let written = 0;
  let rooms = 0;
  let full = false;
  let waiting: (() => void)[] = [];
  const sink = {
    name: "sink",
    write: () => {
      written++;
      return !full;
    },
    onDrain: (run: () => void) => void waiting.push(run),
  };
  const feed = new SinkFeed(sink, clock, { onRoom: () => rooms++, onDropped: (count) => drops.push(count) });
  return {
    clock,
    feed,
    drops,
    written: () => written,
    rooms: () => rooms,
    fill: () => {
      full = true;
    },
    drain: () => {
      full = false;
      const now = waiting;
      waiting = [];
      for (const run of now) run();
    },
  };
}

describe("SinkFeed", () => {
  test("is full until the sink has room, and nothing is dropped in the first second", async () => {
    const { clock, feed, written, drops, rooms, fill, drain } = bench();
    fill();
    feed.write(line, bytes);
    feed.write(line, bytes);
    feed.dropSoon();
    await clock.advance(999);
    expect([feed.full, written(), rooms()]).toEqual([true, 2, 0]);
    drain();
    expect([feed.full, rooms(), drops]).toEqual([false, 1, []]);
    await clock.advance(5_000);
    expect(rooms()).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test("drops after that second, counts every line, and reports once a second", async () => {
    const { clock, feed, written, drops, rooms, fill, drain } = bench();
    fill();
    feed.write(line, bytes);
    feed.dropSoon();
    await clock.advance(1_000);
    expect([feed.full, rooms()]).toEqual([false, 1]);
    for (let n = 0; n < 5; n++) feed.write(line, bytes);
    await clock.advance(1_000);
    expect([written(), drops]).toEqual([1, [5]]);
    feed.write(line, bytes);
    drain();
    feed.write(line, bytes);
    expect(written()).toBe(2);
    await clock.advance(1_000);
    expect(drops).toEqual([5, 1]);
  });

  test("reports what is left when it is closed", () => {
    const { clock, feed, drops, fill } = bench();
    fill();
    feed.write(line, bytes);
    feed.dropSoon();
    return clock.advance(1_000).then(() => {
      feed.write(line, bytes);
      feed.close();
      expect(drops).toEqual([1]);
      expect(clock.pending).toBe(0);
    });
  });

  test("counts what a sink throws at as dropped", async () => {
    const clock = new FakeClock();
    const drops: unknown[] = [];
    const broken = {
      name: "broken",
      write: (): boolean => {
        throw new Error("no such stream");
      },
      onDrain: () => undefined,
    };
    const feed = new SinkFeed(broken, clock, { onRoom: () => undefined, onDropped: (...drop) => drops.push(drop) });
    feed.write(line, bytes);
    feed.write(line, bytes);
    await clock.advance(1_000);
    expect(drops).toEqual([[2, "no such stream"]]);
  });

  test("has no patience when it was not asked to drop", async () => {
    const { clock, feed, fill } = bench();
    fill();
    feed.write(line, bytes);
    await clock.advance(60_000);
    expect(feed.full).toBe(true);
  });
});
