import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { likelySize, parseSize } from "./size.ts";

describe("parseSize", () => {
  test.each([
    ["1B", 1],
    ["64KiB", 65_536],
    ["512MiB", 536_870_912],
    ["1.5GiB", 1_610_612_736],
    ["10 MiB", 10_485_760],
    ["1024GiB", 2 ** 40],
  ])("reads %s", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "0B", "0.1B", "512", "512M", "512MB", "-1B", "1e3B", "1025GiB", "1 2B", "MiB", ".5GiB", "1MiB "])("refuses %j", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  test("gives whole bytes within the limit, or nothing, for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,9}(\.\d{1,3})?(B|KiB|MiB|GiB)$/)), (text) => {
        const bytes = parseSize(text);
        expect(bytes === undefined || (Number.isInteger(bytes) && bytes > 0 && bytes <= 2 ** 40)).toBe(true);
      }),
    );
  });
});

test.each([
  ["512M", "512MiB"],
  ["512mb", "512MiB"],
  ["1.5 g", "1.5GiB"],
  ["64Kib", "64KiB"],
  ["512", undefined],
  ["much", undefined],
])("likelySize takes %j for %j", (text, size) => {
  expect(likelySize(text)).toBe(size);
});
