import { describe, expect, test } from "vitest";
import { nearest, suggestion } from "./nearest.ts";

const keys = [
  "name",
  "command",
  "args",
  "bind",
  "healthcheck",
  "routes",
  "depends_on",
  "env",
  "critical",
  "oneshot",
  "tags",
  "strip_prefix",
];

describe("nearest", () => {
  test.each([
    ["depend_on", "depends_on"],
    ["dependsOn", "depends_on"],
    ["Command", "command"],
    ["comand", "command"],
    ["nmae", "name"],
    ["arg", "args"],
    ["health_check", "healthcheck"],
    ["strip", "strip_prefix"],
    ["one-shot", "oneshot"],
  ])("takes %s for %s", (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });

  test.each(["port", "x", "", "replicas", "a".repeat(5000)])("takes %j for nothing", (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });
});

describe("suggestion", () => {
  test("names what there is when nothing is near, but not a hundred names", () => {
    expect(suggestion("zzz", ["alpha"], "-")).toBe('there is "alpha"');
    expect(suggestion("zzz", ["alpha", "beta"], "-")).toBe('there are "alpha", "beta"');
    const many = Array.from({ length: 100 }, (_, index) => `number${index}`);
    expect(suggestion("zzz", many, "-")).toMatch(/"number11", and more$/);
    expect(suggestion("zzz", [], "there is none")).toBe("there is none");
  });
});
