import { FakeClock } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deadline } from "./abort.ts";
import { backoffDelay } from "./backoff.ts";
import { systemClock } from "./clock.ts";

describe("deadline", () => {
  test("fires with a reason that names what was waited for and how long", async () => {
    const clock = new FakeClock();
    using limit = deadline("draining", 30_000, clock);
    await clock.advance(29_999);
    expect(limit.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(limit.signal.reason).toMatchObject({ code: "MS_DEADLINE", message: "draining: the deadline of 30 s passed", ms: 30_000 });
  });

  test("fires with the outer signal's reason when that comes first", () => {
    const outer = new AbortController();
    using limit = deadline("draining", 5, new FakeClock(), outer.signal);
    outer.abort(new Error("enough"));
    expect(limit.signal.reason).toMatchObject({ message: "enough" });
  });

  test("leaves no timer behind", () => {
    const clock = new FakeClock();
    deadline("draining", 5, clock)[Symbol.dispose]();
    expect(clock.pending).toBe(0);
  });
});

describe("sleep", () => {
  test("ends with the signal's reason and leaves no timer", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const asleep = clock.sleep(1000, { signal: controller.signal });
    controller.abort(new Error("woken"));
    await expect(asleep).rejects.toThrow("woken");
    expect(clock.pending).toBe(0);
    await expect(clock.sleep(1000, { signal: controller.signal })).rejects.toThrow("woken");
    expect(clock.pending).toBe(0);
  });

  test("on the system clock resolves when time has passed", async () => {
    const before = systemClock.now();
    await systemClock.sleep(2);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before + 1);
  });

  test("a wait longer than Node can hold does not fire at once", async () => {
    let fired = false;
    const timer = systemClock.timer(2 ** 40, () => {
      fired = true;
    });
    await systemClock.sleep(5);
    timer[Symbol.dispose]();
    expect(fired).toBe(false);
  });
});

describe("backoffDelay", () => {
  const policy = { minDelayMs: 250, maxDelayMs: 30_000 };

  test("doubles from the least to the greatest", () => {
    const series = [1, 2, 3, 4, 5, 6, 7, 8, 9, 2000].map((failures) => backoffDelay(failures, { ...policy, jitter: 0 }, () => 0.5));
    expect(series).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("stays within the jitter around the plain delay", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        const plain = backoffDelay(failures, { ...policy, jitter: 0 }, () => 0);
        const delay = backoffDelay(failures, policy, () => random);
        expect(Math.abs(delay - plain)).toBeLessThanOrEqual(plain * 0.2 + 1);
      }),
    );
  });
});
