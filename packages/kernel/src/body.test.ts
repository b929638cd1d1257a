import { expect, test } from "vitest";
import { emptyBody } from "./body.ts";

test("the empty body ends for everyone, whoever cancelled it before", () => {
  emptyBody.cancel(new Error("not wanted"));
  let ended = 0;
  emptyBody.read({ data: () => true, end: () => ended++, fail: () => undefined });
  expect(ended).toBe(1);
});
