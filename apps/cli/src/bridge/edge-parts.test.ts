import { parseAddress } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { availabilityOf } from "./availability.ts";
import { availabilityAfter } from "./edge-parts.ts";

const at = (address: string, maxQueued = 1) => ({ name: "app", address: parseAddress(address), maxQueued });

describe("what an upstream begins with that a plan says something else about", () => {
  test.each([true, "soon", false] as const)("is what it had at the same address: %s", (availability) => {
    expect(availabilityAfter(at("3000"), availability, at("3000", 2))).toBe(availability);
  });

  test("is to wait where it moves to another address, if it served or was about to", () => {
    const moved = [true, "soon", false] as const;
    expect(moved.map((availability) => availabilityAfter(at("3000"), availability, at("3001")))).toEqual(["soon", "soon", false]);
  });
});

test("a process gets requests while it is healthy, soon while it is restarted, and else none", () => {
  const known = [
    { healthy: true, restarting: false },
    { healthy: false, restarting: true },
    { healthy: false, restarting: false },
  ];
  expect(known.map(availabilityOf)).toEqual([true, "soon", false]);
});
