import { expect, test } from "vitest";
import { plainJson } from "./plain-json.ts";

test("writes no character that a terminal obeys, and reads back as it was", () => {
  const value = { about: "a\u001b[31m\u007f\u0080\u009b2J\u009f\u00a0é" };
  const text = plainJson(value);
  expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  expect(JSON.parse(text)).toEqual(value);
});
