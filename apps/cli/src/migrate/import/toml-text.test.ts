import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { writeDraft } from "./draft.ts";
import { type TomlValue, tomlComment, tomlEntry } from "./toml-text.ts";

const { value } = fc.letrec<{ value: TomlValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.boolean(),
    fc.array(tie("value")),
    fc.dictionary(fc.string({ unit: "binary" }), tie("value")),
  ),
}));
/** Halves of surrogate pairs cannot be written. */
const wellFormed = (text: string) => text.replaceAll(/[\ud800-\udfff]/g, "");

describe("TOML that is written", () => {
  test("is read as what it was", () => {
    fc.assert(
      fc.property(fc.string().map(wellFormed), value, (key, item) => {
        expect(JSON.stringify(parse(tomlEntry(key, item)))).toBe(
          JSON.stringify({ [key]: JSON.parse(JSON.stringify(item).toWellFormed()) }),
        );
      }),
    );
  });

  test("keeps a comment on its line, whatever is in it", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void expect(parse(`${tomlComment(text)}\nx = 1`)).toEqual({ x: 1 })));
  });

  test("holds nothing that a terminal obeys", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(`${tomlEntry("a", text)}${tomlComment(text)}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  test("puts a long table under a header of its own, behind what else the table has", () => {
    const env = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`VARIABLE_${at}`, "a value of some length"]));
    const text = writeDraft({
      comments: ["x"],
      tables: [
        {
          path: ["fleet", "a b"],
          several: true,
          comments: [],
          entries: [
            { key: "env", value: env },
            { key: "name", value: "x" },
          ],
        },
      ],
    });
    expect(text).toMatch(/name = "x"\n\[fleet\."a b"\.env\]\nVARIABLE_0/);
    expect(parse(text)).toEqual({ fleet: { "a b": [{ env, name: "x" }] } });
  });

  test("switches a table off in which everything is off", () => {
    const table = { path: ["a"], several: false, comments: ["why"], entries: [{ key: "x", value: 1, off: true }] };
    expect(writeDraft({ comments: ["top"], tables: [table] })).toBe("# top\n\n# why\n#[a]\n#x = 1\n");
  });
});
