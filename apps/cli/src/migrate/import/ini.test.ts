import { describe, expect, test } from "vitest";
import { readIni } from "./ini.ts";

const read = (text: string) => {
  const { sections, problems } = readIni(text, "x.conf");
  return {
    sections: sections.map(({ name, line, entries }) => [
      name,
      line,
      Object.fromEntries([...entries.values()].map(({ key, value }) => [key, value])),
    ]),
    problems: problems.map(({ line }) => line),
  };
};

describe("an ini file", () => {
  test("has sections, keys, comments and values over several lines", () => {
    const text = "; top\n[a]\nOne = 1 ; why\ntwo: x=y\nthree=a,\n   b\n\n   c # no\n[b]\nk=v#w;x\n";
    expect(read(text)).toEqual({
      sections: [
        ["a", 2, { one: "1", two: "x=y", three: "a,\nb\nc" }],
        ["b", 9, { k: "v#w;x" }],
      ],
      problems: [],
    });
  });

  test("joins sections of one name, the later value counting", () => {
    expect(read("[a]\nx=1\ny=1\n[b]\n[a]\nx=2\n").sections).toEqual([
      ["a", 1, { x: "2", y: "1" }],
      ["b", 4, {}],
    ]);
  });

  test("says which lines it could not read", () => {
    expect(read("x=1\n[a]\nnothing\ny=1\n").problems).toEqual([1, 3]);
  });

  test("reads a whole section that is indented", () => {
    expect(read("  [a]\n  x=1\n  y=2\n").sections).toEqual([["a", 1, { x: "1", y: "2" }]]);
  });
});
