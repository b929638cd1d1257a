import { eventually, FakeClock } from "@mothership/testkit";
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
  const held = await eventually("the delay", async () => {
    expect(watch.read()).toBe(watch.read());
    block(150);
    await clock.advance(5_000);
    const seen = watch.read();
    return seen && seen["1"]! >= 100 ? seen : undefined;
  });
  expect(held["1"]).toBeLessThan(60_000);
  expect(Object.values(held).every((ms) => ms >= 0)).toBe(true);
});
