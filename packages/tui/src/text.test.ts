import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { between, fit, lineWidth, pad, paint, plainText, shorten, width } from "./text.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("a", "日", "é", "e\u0301", "\t", "\x1b[31m", "👍🏽", "\u202e", "\ud800", "─") }),
);

describe("width", () => {
  test.each([
    ["plain", 5],
    ["日本", 4],
    ["e\u0301", 1],
    ["👍", 2],
    ["👍🏽", 2],
    ["👩‍🚀", 4],
    ["✓→█▁", 4],
    ["a\x07\x1b\u202e\u200b\ufe0fb", 2],
    ["ｆ", 2],
    ["한", 2],
  ])("counts the columns of %j", (text, columns) => {
    expect(width(text)).toBe(columns);
  });
});

describe("fit", () => {
  test.each([
    ["abcdef", 6, "abcdef"],
    ["abcdefg", 6, "abcde…"],
    ["日本語", 6, "日本語"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日 …"],
    ["a", 0, ""],
    ["ab", 1, "…"],
    ["a\tb", 20, "a       b"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["evil\x1b[2J\x07\u202e", 20, "evil[2J"],
    ["one\ntwo\r", 20, "onetwo"],
  ])("cuts %j to %i columns", (text, columns, expected) => {
    expect(plainText(fit([{ text }], columns))).toBe(expected);
  });

  test.each([
    ["abcdef", 3, "def"],
    ["a日b", 2, " b"],
    ["a\tb", 4, "    b"],
    ["abc", 9, ""],
  ])("leaves out the first columns of %j", (text, skip, expected) => {
    expect(plainText(fit([{ text }], 20, skip))).toBe(expected);
  });

  test("cuts across pieces and keeps the style of the one it cuts", () => {
    const line = fit([{ text: "ab", bold: true }, { text: "cdef", color: "red" }, { text: "gh" }], 4);
    expect(line).toEqual([
      { text: "ab", bold: true },
      { text: "c…", color: "red" },
    ]);
  });

  test("never gives more than it may, nor anything that could steer the terminal, whatever the text", () => {
    const lines = fc.array(fc.record({ text: anyText }), { maxLength: 5 });
    fc.assert(
      fc.property(lines, fc.nat(30), fc.nat(10), (line, columns, skip) => {
        const fitted = fit(line, columns, skip);
        expect(lineWidth(fitted)).toBeLessThanOrEqual(columns);
        expect(plainText(fitted)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        const whole = lineWidth(fit(line, 100_000));
        if (whole - skip <= columns) expect(lineWidth(fitted)).toBe(Math.max(0, whole - skip));
        else expect(columns === 0 || plainText(fitted).endsWith("…")).toBe(true);
      }),
    );
  });
});

describe("pad and between", () => {
  test("fill up in the style of what they follow", () => {
    expect(pad([{ text: "ab", inverse: true }], 4)).toEqual([
      { text: "ab", inverse: true },
      { text: "  ", inverse: true },
    ]);
    expect(plainText(pad([{ text: "7" }], 3, "right"))).toBe("  7");
  });

  test("put two texts at the ends, and cut the left one", () => {
    expect(plainText(between([{ text: "left" }], [{ text: "right" }], 12))).toBe("left   right");
    expect(plainText(between([{ text: "longest" }], [{ text: "right" }], 12))).toBe("longe… right");
    expect(plainText(between([{ text: "left" }], [{ text: "much too long" }], 12))).toBe("left        ");
  });
});

describe("paint", () => {
  const line = [{ text: "a" }, { text: "b", bold: true, color: "red" }, { text: "c", dim: true, inverse: true }] as const;

  test("writes colours as codes of 16-colour terminals", () => {
    expect(paint(line, { color: true })).toBe("a\x1b[1;31mb\x1b[m\x1b[2;7mc\x1b[m");
  });

  test("without colours keeps bold, dim and inverse", () => {
    expect(paint(line, { color: false })).toBe("a\x1b[1mb\x1b[m\x1b[2;7mc\x1b[m");
  });
});

describe("shorten", () => {
  test.each([
    ["short", 10, "short"],
    ["a-very-long-name-1", 10, "a-ver…me-1"],
    ["a-very-long-name-1", 1, "…"],
    ["a-very-long-name-1", 0, ""],
    ["日本語のとても長い船の名前", 9, "日本…名前"],
    ["日本語のとても長い船の名前", 8, "日本…前"],
  ])("cuts %j to %i columns in the middle", (text, columns, expected) => {
    expect(shorten(text, columns)).toBe(expected);
  });

  test("never takes more columns than it was given", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, columns) => width(shorten(text, columns)) <= columns));
  });
});
