import { Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { compileFingerprint, fingerprintFilter } from "./fingerprint-filter.ts";

const whole = "ge11cr04da00_8ddaef5d77af_280f366eaa04_c2fb0fe53442";
const [a, b, c, d] = whole.split("_") as [string, string, string, string];

describe("compileFingerprint", () => {
  test.each([
    whole,
    "ge11",
    "ge11cr04da00",
    "ge11_8dda",
    "_8ddaef5d77af",
    "__280f",
    "___c2fb0fe53442",
    "ge11cr04da00_",
    "GE11CR04DA00_8DDA",
  ])("%s matches the fingerprint", (expression) => {
    expect(compileFingerprint(expression)({ a, b, c, d })).toBe(true);
  });

  test.each([whole.replace("8dda", "8ddb"), "po11", "e11", "_ddae", "ge11__8dda", "___c2fb0fe53443"])("%s does not", (expression) => {
    expect(compileFingerprint(expression)({ a, b, c, d })).toBe(false);
  });

  test("reads no part that it says nothing about, so that nothing is hashed for it", () => {
    const read: string[] = [];
    const parts = {
      get a() {
        read.push("a");
        return a;
      },
      get b() {
        read.push("b");
        return b;
      },
      c,
      d,
    };
    compileFingerprint("ge11")(parts);
    compileFingerprint("_8dda")(parts);
    expect(read).toEqual(["a", "b"]);
  });

  test.each(["", "_", "___", `${whole}_`, "ge11cr04da00x", "_xyz", "ge 11", "_8ddaef5d77aff", "ge11_-"])("refuses %j", (expression) => {
    expect(() => compileFingerprint(expression)).toThrowError(
      expect.objectContaining({ code: "MS_FINGERPRINT_FILTER_INVALID", expression }),
    );
  });
});

test("a filter judges requests", () => {
  const passes = fingerprintFilter("ge11nn01");
  expect(passes({ method: "GET", version: "1.1", fields: Fields.from([["Host", "a"]]) })).toBe(true);
  expect(passes({ method: "GET", version: "1.1", fields: new Fields() })).toBe(false);
});
