import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expand } from "./expand.ts";

const dollar = "$";

describe("expand", () => {
  test.each([
    ["$A", "1"],
    ["$A?x=$B_2", "1?x=two"],
    [`x${dollar}{A}y`, "x1y"],
    ["$$A", "$A"],
    ["$$$A", "$1"],
    ["a$", "a$"],
    ["$1 $- $", "$1 $- $"],
    ["plain", "plain"],
    [`${dollar}{A`, `${dollar}{A`],
  ])("makes of %s %s", (text, value) => {
    expect(expand(text, { A: "1", B_2: "two" })).toEqual({ value, missing: [] });
  });

  test("does not look again at what a variable holds", () => {
    expect(expand("$A", { A: "$B", B: "no" }).value).toBe("$B");
  });

  test("names what is missing or empty, and where", () => {
    expect(expand(`$A-$B-${dollar}{C}`, { B: "" })).toEqual({
      value: "--",
      missing: [
        { name: "A", index: 0, empty: false },
        { name: "B", index: 3, empty: true },
        { name: "C", index: 6, empty: false },
      ],
    });
  });

  test("does not find what objects inherit", () => {
    expect(expand("$constructor", {}).missing).toHaveLength(1);
  });

  test("leaves a text without dollar signs alone", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("$")),
        (text) => expand(text, {}).value === text,
      ),
    );
  });
});
