import { describe, expect, test } from "vitest";
import { compilePattern, PatternSet } from "./pattern-set.ts";

describe("PatternSet", () => {
  test("answers with every pattern that matches the whole text, in ascending order", () => {
    const set = new PatternSet(["/api/.*", "/api", "/.*", "/(?i)API/x"]);
    expect(set.match("/api/x")).toEqual([0, 2, 3]);
    expect(set.match("/api")).toEqual([1, 2]);
    expect(set.match("api")).toEqual([]);
  });

  test("finds patterns anywhere when it searches", () => {
    const set = new PatternSet(["Bot", "^Moz", "x$", "\\bfox\\b"], { anchored: "search" });
    expect(set.match("Mozilla fox Bot x")).toEqual([0, 1, 2, 3]);
    expect(set.match("foxBot xx")).toEqual([0, 2]);
    expect(set.match("a fox")).toEqual([2, 3]);
  });

  test("matches for one pattern", () => {
    expect(compilePattern("(a+)+")("aaaa")).toBe(true);
    expect(compilePattern("(a+)+")("aaaab")).toBe(false);
  });
});
