import { expect, test } from "vitest";
import { counter, RequestCounts } from "./request-counts.ts";

test("a name keeps its count from plan to plan, and loses it when it is gone from one", () => {
  const counts = new RequestCounts();
  const first = counts.memoryFor(["app", "api"]);
  const one = counter(first.get("app") ?? new SharedArrayBuffer(8));
  one();
  one();
  counter(counts.memoryFor(["app"]).get("app") ?? new SharedArrayBuffer(8))();
  expect([counts.of("app"), counts.of("api"), counts.of("nobody")]).toEqual([3, undefined, undefined]);
  counts.memoryFor([]);
  counts.memoryFor(["app"]);
  expect(counts.of("app")).toBe(0);
});

test("a count goes on beyond 32 bits", () => {
  const counts = new RequestCounts();
  const memory = counts.memoryFor(["app"]).get("app") ?? new SharedArrayBuffer(8);
  new Uint32Array(memory)[0] = 0xffff_fffe;
  const add = counter(memory);
  for (let at = 0; at < 3; at++) add();
  expect(counts.of("app")).toBe(2 ** 32 + 1);
});
