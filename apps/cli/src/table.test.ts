import { describe, expect, test } from "vitest";
import { bytes, span, table } from "./table.ts";

describe("table", () => {
  test("aligns columns, leaves no space at the end and cuts what is too wide", () => {
    expect(
      table(
        [
          ["NAME", "STATE", ""],
          ["app", "ready", ""],
          ["a-longer-name", "up", "and a long reason"],
        ],
        30,
      ),
    ).toBe("NAME           STATE\napp            ready\na-longer-name  up     and a l…\n");
  });

  test("of nothing is nothing", () => {
    expect(table([])).toBe("");
  });
});

test.each([
  [0, "0s"],
  [119_000, "119s"],
  [120_000, "2m"],
  [7_199_000, "119m"],
  [7_200_000, "2h"],
  [172_800_000, "2d"],
])("%i ms is said as %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

test.each([
  [900, "1 KB"],
  [48_200_000, "48 MB"],
  [1_500_000_000, "1.5 GB"],
])("%i bytes are said as %s", (count, text) => {
  expect(bytes(count)).toBe(text);
});
