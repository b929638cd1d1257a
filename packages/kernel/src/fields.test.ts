import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fields } from "./fields.ts";

const pairs = fc.array(fc.tuple(fc.constantFrom("A", "a", "B", "Cookie", "cookie", "b"), fc.constantFrom("a", "b", "", "1")));

describe("Fields", () => {
  test("keeps order, case and repeats", () => {
    const sent = [
      ["Accept", "x"],
      ["accept", "y"],
      ["Host", "h"],
    ] as const;
    const fields = Fields.from(sent);
    expect([...fields]).toEqual(sent);
    expect(fields.get("accept")).toBe("x");
    expect(fields.all("accept")).toEqual(["x", "y"]);
    expect([fields.name(1), fields.key(1), fields.value(1), fields.size]).toEqual(["accept", "accept", "y", 3]);
  });

  test("finds nothing under names that an object would inherit", () => {
    const fields = Fields.from([["__proto__", "x"]]);
    expect([fields.get("constructor"), fields.get("__proto__")]).toEqual([undefined, "x"]);
  });

  test("does not take a value for a name", () => {
    expect(
      Fields.from([
        ["x", "host"],
        ["host", "real"],
      ]).get("host"),
    ).toBe("real");
  });

  test("sets one field at the place of the first and drops its repeats", () => {
    const fields = Fields.from([
      ["A", "1"],
      ["B", "2"],
      ["a", "3"],
      ["C", "4"],
    ]);
    expect([...fields.set("a", "9")]).toEqual([
      ["a", "9"],
      ["B", "2"],
      ["C", "4"],
    ]);
    expect([...fields.set("D", "5")].at(-1)).toEqual(["D", "5"]);
  });

  test("behaves as a plain list of pairs would, whatever is done to it", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom("a", "b", "cookie"), (list, key) => {
        const without = list.filter(([name]) => name.toLowerCase() !== key);
        expect([...Fields.from(list).delete(key)]).toEqual(without);
        const set = Fields.from(list).set(key.toUpperCase(), "new");
        expect(set.all(key)).toEqual(["new"]);
        expect([...set].filter(([name]) => name.toLowerCase() !== key)).toEqual(without);
      }),
    );
  });

  test("a copy is independent", () => {
    const fields = Fields.from([["A", "1"]]);
    fields.copy().set("A", "2").append("B", "3");
    expect([...fields]).toEqual([["A", "1"]]);
  });

  test.each([
    ["", "x"],
    ["a b", "x"],
    ["a:", "x"],
    ["é", "x"],
  ])("refuses the name %j", (name, value) => {
    expect(() => new Fields().append(name, value)).toThrowError(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });

  test.each(["a\r\nSet-Cookie: b", "a\0", "\n", "\x7f", "\u0100"])("refuses the value %j", (value) => {
    expect(() => Fields.from([["A", value]])).toThrowError(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
    expect(() => new Fields().set("A", value)).toThrowError(expect.objectContaining({ code: "MS_FIELD_INVALID" }));
  });

  test("takes latin-1 and tab in a value", () => {
    expect(Fields.from([["A", "caf\xe9\t!"]]).get("a")).toBe("caf\xe9\t!");
  });
});
