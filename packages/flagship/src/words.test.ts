import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitWords } from "./words.ts";

describe("splitWords", () => {
  test.each([
    ["hostname", ["hostname"]],
    ["  printenv \t DYNO ", ["printenv", "DYNO"]],
    ["", []],
    [`sh -c 'echo "$HOME"'`, ["sh", "-c", 'echo "$HOME"']],
    [`a "b c" d`, ["a", "b c", "d"]],
    [`a"b"'c'd`, ["abcd"]],
    [`'' ""`, ["", ""]],
    [String.raw`a\ b \"c\"`, ["a b", '"c"']],
    [String.raw`"a\"b\\c\d"`, [String.raw`a"b\c\d`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    ["echo $HOME | cat; *", ["echo", "$HOME", "|", "cat;", "*"]],
  ])("splits %j", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each(["'", 'a "b', "a\\", `"a\\"`, "'\\'\\"])("has no words for %j", (line) => {
    expect(splitWords(line)).toBeUndefined();
  });

  test("gives back any words that were quoted", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
        expect(splitWords(line)).toEqual(words);
      }),
    );
  });
});
