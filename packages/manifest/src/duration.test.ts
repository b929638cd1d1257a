import { describe, expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  test.each([
    ["10s", 10_000],
    ["500ms", 500],
    ["1.5s", 1500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1m30s", 90_000],
    ["1m 30s", 90_000],
    ["24h", 86_400_000],
    ["0s1ms", 1],
  ])("reads %s as %i milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(["", "10", "s", "10 s", "-1s", "1d", "0s", "0.1ms", "24h1ms", "99999999999h", "1s ", " 1s", "1S", "1.s", ".5s", "1e3s", "٣s"])(
    "refuses %j",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test("answers at once whatever the text", () => {
    expect(parseDuration(`${"1m".repeat(20_000)}x`)).toBeUndefined();
  });
});
