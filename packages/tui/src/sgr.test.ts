import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { styled, withoutEscapes } from "./sgr.ts";
import { plainText } from "./text.ts";

describe("styled", () => {
  test.each([
    ["plain", [{ text: "plain" }]],
    ["\x1b[32mgreen\x1b[0m rest", [{ text: "green", color: "green" }, { text: " rest" }]],
    [
      "\x1b[1;91mx\x1b[39my\x1b[22mz",
      [
        { text: "x", bold: true, color: "red" },
        { text: "y", bold: true },
        { text: "z", bold: false, dim: false },
      ],
    ],
    ["\x1b[38;5;31mx\x1b[48;2;1;7;2my", [{ text: "x" }, { text: "y" }]],
    [
      "a\x1b[2Jb\x1b]0;title\x07c\x1b]8;;u\x1b\\d\x1bPq\x1b\\e\x1b(Bf\x1b",
      [{ text: "a" }, { text: "b" }, { text: "c" }, { text: "d" }, { text: "e" }, { text: "f" }],
    ],
    ["cut \x1b[3", [{ text: "cut " }]],
  ])("reads %j", (text, spans) => {
    expect(styled(text)).toEqual(spans);
  });

  test("has the same text as without the sequences, and no escape", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\x1b", "[", "1", ";", "m", "]", "\x07", "\\", "K", "P") });
    fc.assert(
      fc.property(text, (text) => {
        expect(plainText(styled(text))).toBe(withoutEscapes(text));
        expect(withoutEscapes(text)).not.toContain("\x1b");
      }),
    );
  });

  test("takes time in proportion to the text, whatever it holds", () => {
    // Each of these would take minutes if a place were looked at again for each that follows.
    for (const piece of ["\x1b[1;", "\x1b]0;", "\x1b[ ", "\x1b "]) styled(piece.repeat(100_000));
  });
});
