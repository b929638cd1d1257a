import { eventually, FakeClock, settle } from "@mothership/testkit";
import { expect, test } from "vitest";
import { watchEventLoop } from "../src/event-loop.ts";

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

test("sees a loop that was held up, and tells all who ask within a window the same", async () => {
  const clock = new FakeClock();
  using watch = watchEventLoop(clock);
  const first = await eventually("a first window", () => watch.read());
  expect(Object.keys(first).sort()).toEqual(["0.5", "0.9", "0.99", "1"]);
  // The sampling goes on, and within the window it changes nothing.
  for (let i = 0; i < 4; i++) {
    block(25);
    await settle();
  }
  expect(watch.read()).toBe(first);
  const held = await eventually("the delay", async () => {
    block(150);
    await clock.advance(5_000);
    const seen = watch.read();
    return seen && seen["1"]! >= 100 ? seen : undefined;
  });
  expect(held["1"]).toBeLessThan(60_000);
  expect(Object.values(held).every((ms) => ms >= 0)).toBe(true);
});

test("counts what is beyond the time between two samples alone", async () => {
  const clock = new FakeClock();
  using watch = watchEventLoop(clock);
  await eventually("a window in which the loop was not late by a whole sample", async () => {
    await clock.advance(5_000);
    const seen = watch.read();
    return seen && seen["0.5"]! < 15;
  });
});
