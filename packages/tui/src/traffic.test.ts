import { describe, expect, test } from "vitest";
import { unitNumber } from "../test/fleet.ts";
import { perSecond, type Traffic, trafficSamples, withCounts } from "./traffic.ts";

const counted = (...counts: readonly (number | undefined)[]) =>
  counts.map((requests, at) => ({ ...unitNumber(1), name: `ship-${at}`, ...(requests !== undefined && { requests }) }));

describe("traffic", () => {
  test("is what a count grew by a second", () => {
    let traffic: Traffic = withCounts(new Map(), counted(100, 0, undefined), 0);
    traffic = withCounts(traffic, counted(120, 0, undefined), 2000);
    traffic = withCounts(traffic, counted(123, 40, undefined), 4000);
    expect([...traffic].map(([name, { rates }]) => [name, rates])).toEqual([
      ["ship-0", [10, 1.5]],
      ["ship-1", [0, 20]],
    ]);
  });

  test("waits for the next count where two are too near, and begins anew where a count went back", () => {
    const first = withCounts(new Map(), counted(10), 0);
    const near = withCounts(first, counted(11), 100);
    expect(withCounts(near, counted(12), 1000).get("ship-0")?.rates).toEqual([2]);
    expect(withCounts(first, counted(3), 2000).get("ship-0")).toEqual({ at: 2000, count: 3, rates: [] });
  });

  test("is remembered for a while", () => {
    let traffic: Traffic = new Map();
    for (let at = 0; at < 100; at++) traffic = withCounts(traffic, counted(at), at * 2000);
    expect(traffic.get("ship-0")?.rates).toHaveLength(trafficSamples);
  });

  test.each([
    [0, "0"],
    [0.01, "0.1"],
    [1.26, "1.3"],
    [9.96, "10"],
    [9994, "9994"],
    [9996, "10.0k"],
    [123_456, "123k"],
  ])("%d a second is said as %s", (rate, text) => {
    expect(perSecond(rate)).toBe(text);
  });
});
