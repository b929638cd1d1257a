import { FakeClock } from "@mothership/testkit";
import { expect, test } from "vitest";
import { httpDate } from "./http-date.ts";
import { Watch } from "./watch.ts";

function watched(): { clock: FakeClock; watch: Watch; due: number[] } {
  const clock = new FakeClock();
  const due: number[] = [];
  return { clock, due, watch: new Watch(clock, () => due.push(clock.now())) };
}

test("is due once, when the time has passed", async () => {
  const { clock, watch, due } = watched();
  watch.set(100);
  await clock.advance(99);
  expect(due).toEqual([]);
  await clock.advance(500);
  expect(due).toEqual([100]);
  expect(clock.pending).toBe(0);
});

test("moving the deadline away sets no timer, moving it closer does", async () => {
  const { clock, watch, due } = watched();
  watch.set(100);
  for (let step = 0; step < 50; step++) {
    await clock.advance(10);
    watch.set(100);
    expect(clock.pending).toBe(1);
  }
  watch.set(5);
  await clock.advance(5);
  expect(due).toEqual([505]);
});

test("is never due once cleared, and holds no timer once stopped", async () => {
  const { clock, watch, due } = watched();
  watch.set(10);
  watch.clear();
  await clock.advance(100);
  watch.set(10);
  watch.stop();
  expect(clock.pending).toBe(0);
  await clock.advance(100);
  watch.set(Number.POSITIVE_INFINITY);
  expect(clock.pending).toBe(0);
  expect(due).toEqual([]);
});

test("may be set again from within", async () => {
  const clock = new FakeClock();
  const due: number[] = [];
  const watch = new Watch(clock, () => {
    due.push(clock.now());
    if (due.length < 3) watch.set(10);
  });
  watch.set(10);
  await clock.advance(100);
  expect(due).toEqual([10, 20, 30]);
});

test("a date is in the form of RFC 9110, 5.6.7", () => {
  expect(httpDate(Date.UTC(1994, 10, 6, 8, 49, 37) + 999)).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
  expect(httpDate(Date.UTC(1994, 10, 6, 8, 49, 38))).toBe("Sun, 06 Nov 1994 08:49:38 GMT");
});
