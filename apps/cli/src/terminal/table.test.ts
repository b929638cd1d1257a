import { describe, expect, test } from "vitest";
import { table } from "./table.ts";

describe("table", () => {
  test("aligns columns, leaves no space at the end and cuts what is too wide", () => {
    expect(
      table(
        [
          ["NAME", "STATE", ""],
          ["app", "ready", ""],
          ["a-longer-name", "up", "and a long reason"],
        ],
        { width: 30 },
      ),
    ).toBe("NAME           STATE\napp            ready\na-longer-name  up     and a l…\n");
  });

  test("cuts elastic columns in their middle before the last one gets too narrow", () => {
    const rows = [
      ["NAME", "WHY"],
      ["a-name-that-is-far-too-long-number-1", "because of this and that"],
      ["日本語のとても長い船の名前", "x"],
    ];
    expect(table(rows, { width: 40, elastic: [0] })).toBe(
      "NAME            WHY\na-name-…mber-1  because of this and that\n日本語…の名前   x\n",
    );
  });

  test("shows nothing that a terminal would take for a command", () => {
    expect(table([["a\x1b[2Jb\u202e", "c\x07\nd"]])).toBe("a[2Jb  cd\n");
  });

  test("of nothing is nothing", () => {
    expect(table([])).toBe("");
  });
});
