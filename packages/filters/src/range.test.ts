import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRange } from "./range.ts";

describe("rule 62 (RFC 9110, 14.1.2): a Range field on a file of 10 bytes", () => {
  test.each([
    ["bytes=0-0", [0, 1]],
    ["bytes=0-9", [0, 10]],
    ["bytes=2-5", [2, 6]],
    ["bytes=5-", [5, 10]],
    ["bytes=-3", [7, 10]],
    ["bytes=-10", [0, 10]],
    ["bytes=-99", [0, 10]],
    ["bytes=8-99", [8, 10]],
    ["bytes=0-99999999999999999999999", [0, 10]],
    ["BYTES=2-5", [2, 6]],
    ["bytes= 2-5 ", [2, 6]],
    ["bytes=,2-5,,", [2, 6]],
    // Parts that touch or overlap are one.
    ["bytes=0-3,4-6", [0, 7]],
    ["bytes=4-6,0-3", [0, 7]],
    ["bytes=0-5,3-8", [0, 9]],
    ["bytes=0-3,99-", [0, 4]],
  ])("%s is %j", (value, [start, end]) => {
    expect(parseRange(value, 10)).toEqual({ start, end });
  });

  test.each(["bytes=10-", "bytes=10-20", "bytes=99-", "bytes=-0", "bytes=99-,50-60"])("%s cannot be satisfied", (value) => {
    expect(parseRange(value, 10)).toBe("unsatisfiable");
  });

  test.each([
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=a-b",
    "bytes=5-2",
    "bytes=1 - 2",
    "bytes=+1-2",
    "bytes=0x1-2",
    "items=0-1",
    "bytes=0-1;2-3",
    "bytes=0--1",
  ])("%j is no range and is ignored", (value) => {
    expect(parseRange(value, 10)).toBeUndefined();
  });

  test("several parts that lie apart, and more of them than anyone needs, are ignored", () => {
    expect(parseRange("bytes=0-1,5-6", 10)).toBeUndefined();
    expect(parseRange(`bytes=${Array(33).fill("0-1").join(",")}`, 10)).toBeUndefined();
    expect(parseRange(`bytes=${Array(32).fill("0-1").join(",")}`, 10)).toEqual({ start: 0, end: 2 });
  });

  test("nothing of an empty file can be asked for, so it is sent whole", () => {
    for (const value of ["bytes=0-", "bytes=0-0", "bytes=-1"]) expect(parseRange(value, 0)).toBeUndefined();
  });

  test("a part never leaves the file and is never empty", () => {
    const number = fc.oneof(fc.constant(""), fc.nat(20).map(String), fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String));
    const spec = fc.tuple(number, number).map(([a, b]) => `${a}-${b}`);
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), fc.nat(20), (specs, size) => {
        const part = parseRange(`bytes=${specs.join(",")}`, size);
        if (typeof part !== "object") return;
        expect(part.start).toBeGreaterThanOrEqual(0);
        expect(part.end).toBeGreaterThan(part.start);
        expect(part.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});
