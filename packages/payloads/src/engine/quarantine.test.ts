import { describe, expect, test } from "vitest";
import { MemoryAllowance } from "./memory-allowance.ts";
import { Quarantine, quarantinePolicy } from "./quarantine.ts";

describe("Quarantine", () => {
  test("opens after three exhaustions within ten seconds, and not before", () => {
    const quarantine = new Quarantine();
    quarantine.failed(0, "fuel", 1);
    quarantine.failed(5000, "fuel", 1);
    expect([quarantine.state(5000), quarantine.waitMs(5000)]).toEqual(["serving", 0]);
    // The first is too old by now.
    quarantine.failed(10_001, "fuel", 1);
    expect(quarantine.waitMs(10_001)).toBe(0);
    quarantine.failed(10_002, "fuel", 1);
    expect([quarantine.state(10_002), quarantine.waitMs(10_002), quarantine.opened]).toEqual(["quarantined", 100, 1]);
  });

  test("opens at once after an exhaustion that took 20 ms, or several that did together", () => {
    const slow = new Quarantine();
    slow.failed(0, "fuel", 20);
    expect(slow.state(0)).toBe("quarantined");
    const two = new Quarantine();
    two.failed(0, "fuel", 12);
    two.failed(1, "fuel", 9);
    expect(two.state(1)).toBe("quarantined");
    const trap = new Quarantine();
    trap.failed(0, "trap", 500);
    expect(trap.state(0)).toBe("serving");
  });

  test("opens after ten failures of any kind", () => {
    const quarantine = new Quarantine();
    for (let count = 0; count < 9; count++) quarantine.failed(count, count % 2 ? "trap" : "fault", 0);
    expect(quarantine.state(9)).toBe("serving");
    quarantine.failed(9, "trap", 0);
    expect(quarantine.state(9)).toBe("quarantined");
  });

  test("lets one call probe when the delay has passed; one that ends well closes it", () => {
    const quarantine = opened();
    expect([quarantine.waitMs(99), quarantine.state(99)]).toEqual([1, "quarantined"]);
    expect([quarantine.state(100), quarantine.waitMs(100)]).toEqual(["probing", 0]);
    quarantine.succeeded(101);
    expect([quarantine.state(101), quarantine.waitMs(101)]).toEqual(["serving", 0]);
  });

  test("doubles the delay with every probe that fails, up to thirty seconds", () => {
    const quarantine = opened();
    const delays: number[] = [];
    for (let now = 0; delays.length < 11; ) {
      const wait = quarantine.waitMs(now);
      delays.push(wait);
      now += wait;
      expect(quarantine.waitMs(now)).toBe(0);
      quarantine.failed(now, "trap", 0);
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  test("on probation one exhaustion opens it again, for twice as long", () => {
    const quarantine = opened();
    quarantine.waitMs(100);
    quarantine.succeeded(100);
    quarantine.failed(5000, "fuel", 1);
    expect(quarantine.waitMs(5000)).toBe(200);
    quarantine.waitMs(5200);
    quarantine.succeeded(5200);
    // When that has passed without one, all is as at the beginning.
    quarantine.failed(5200 + quarantinePolicy.windowMs, "fuel", 1);
    expect(quarantine.state(15_200)).toBe("serving");
    quarantine.failed(15_201, "fuel", 1);
    quarantine.failed(15_202, "fuel", 1);
    expect(quarantine.waitMs(15_202)).toBe(100);
  });

  test("on probation other failures are counted as ever", () => {
    const quarantine = opened();
    quarantine.waitMs(100);
    quarantine.succeeded(100);
    for (let count = 0; count < 9; count++) quarantine.failed(200, "trap", 0);
    expect(quarantine.state(200)).toBe("serving");
    quarantine.failed(200, "trap", 0);
    expect(quarantine.waitMs(200)).toBe(100);
  });

  function opened(): Quarantine {
    const quarantine = new Quarantine();
    for (let count = 0; count < 3; count++) quarantine.failed(0, "fuel", 1);
    expect(quarantine.state(0)).toBe("quarantined");
    return quarantine;
  }
});

describe("MemoryAllowance", () => {
  test("is used up by what is dropped, and recovers with time", () => {
    const allowance = new MemoryAllowance(0, { burstBytes: 128, bytesPerSecond: 64 });
    allowance.dropped(0, 128);
    expect(allowance.waitMs(0)).toBe(0);
    allowance.dropped(0, 32);
    expect(allowance.waitMs(0)).toBe(500);
    expect(allowance.waitMs(250)).toBe(250);
    expect(allowance.waitMs(500)).toBe(0);
  });

  test("does not save up more than a burst", () => {
    const allowance = new MemoryAllowance(0, { burstBytes: 100, bytesPerSecond: 50 });
    allowance.dropped(1_000_000, 150);
    expect(allowance.waitMs(1_000_000)).toBe(1000);
  });
});
