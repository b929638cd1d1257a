import { expect, test } from "vitest";
import { batched } from "./batched-output.ts";

test("what is written in one turn goes out in one call, in order", async () => {
  const calls: string[] = [];
  const output = batched((text) => calls.push(text));
  for (const text of ["a", "b", "c"]) output.write(text);
  expect(calls).toEqual([]);
  await Promise.resolve();
  expect(calls).toEqual(["abc"]);
  output.write("d");
  await Promise.resolve();
  expect(calls).toEqual(["abc", "d"]);
});

test("a flood does not gather in memory, and a flush leaves nothing for later", async () => {
  const calls: string[] = [];
  const output = batched((text) => calls.push(text));
  for (let at = 0; at < 3; at++) output.write("x".repeat(40_000));
  expect(calls.map((text) => text.length)).toEqual([80_000]);
  output.flush();
  await Promise.resolve();
  expect(calls.map((text) => text.length)).toEqual([80_000, 40_000]);
});
