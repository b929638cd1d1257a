import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PatternError } from "./errors.ts";
import { checkPattern, PatternSet } from "./pattern-set.ts";

function refusal(source: string): PatternError {
  try {
    checkPattern(source);
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
  throw new Error(`${source} was accepted`);
}

const refused: [source: string, position: number, says: RegExp][] = [
  ["a(?=b)", 1, /^Look-ahead/],
  ["a(?!b)", 1, /^Look-ahead/],
  ["(?<=a)b", 0, /^Look-behind/],
  ["x(?<!a)b", 1, /^Look-behind/],
  ["(?>a)", 0, /^An atomic group/],
  ["a++", 2, /^A possessive repetition/],
  ["a*+", 2, /^A possessive repetition/],
  ["a?+", 2, /^A possessive repetition/],
  ["a{2}+", 4, /^A possessive repetition/],
  ["a**", 2, /^One repetition follows another/],
  ["a+?*", 3, /^One repetition follows another/],
  ["a??" + "?", 3, /^One repetition follows another/],
  ["a{2}{3}", 4, /^One repetition follows another/],
  ["(a)\\1", 3, /^A backreference/],
  ["(?<n>a)\\k<n>", 7, /^A backreference/],
  ["(?P<n>a)(?P=n)", 8, /^A backreference/],
  ["(?<n>a)(?P<n>b)", 7, /^Two groups have the name n/],
  ["(?<1>a)", 0, /^The name of a group/],
  ["(?<n", 0, /^The name of a group/],
  ["(?#note)", 0, /^Comments/],
  ["(?x:a b)", 0, /^A group cannot begin like this/],
  ["(?)", 0, /^A group cannot begin like this/],
  ["(?-)", 0, /^A group cannot begin like this/],
  ["(?R)", 0, /^A group cannot begin like this/],
  ["(?i", 0, /^A group cannot begin like this/],
  ["a|*", 2, /^Nothing stands before \* to repeat; write \\\*/],
  ["+a", 0, /^Nothing stands before \+/],
  ["(?i)?", 4, /^Nothing stands before \?/],
  ["(?:)|(?:+)", 8, /^Nothing stands before \+/],
  ["/users/{id}", 7, /write \\\{ for the character itself/],
  ["a{", 1, /^A repetition is written/],
  ["a{,3}", 1, /^A repetition is written/],
  ["a{1 }", 1, /^A repetition is written/],
  ["a{x}", 1, /^A repetition is written/],
  ["\\b{start}", 2, /^A repetition is written/],
  ["a{3,2}", 1, /^A repetition counts from the smaller/],
  ["a{1001}", 1, /^A repetition may count to 1000/],
  ["a{0,1001}", 1, /^A repetition may count to 1000/],
  ["a{99999999999999999999,}", 1, /^A repetition may count to 1000/],
  ["(a", 0, /^The group is never closed/],
  ["x(?:a(b)", 1, /^The group is never closed/],
  ["a)b", 1, /^This \) closes no group/],
  ["ab\\", 2, /^The pattern ends in a single backslash/],
  ["\\q", 0, /^\\q is no escape; write q alone/],
  ["\\é", 0, /^\\é is no escape/],
  ["\\Qa\\E", 0, /^\\Q is no escape/],
  ["\\0", 0, /^\\0 is read differently/],
  ["a\\Z", 1, /^\\Z is read differently.*\\z/],
  ["\\<a", 0, /^\\< is read differently/],
  ["\\pL", 0, /^Unicode properties/],
  ["\\P{Greek}", 0, /^Unicode properties/],
  ["\\xg0", 0, /^\\x needs hexadecimal digits/],
  ["\\x4", 0, /^\\x needs hexadecimal digits/],
  ["\\x{}", 0, /^\\x needs hexadecimal digits/],
  ["\\u12", 0, /^\\u needs hexadecimal digits/],
  ["\\x{110000}", 0, /^No character has this number/],
  ["\\uD83D\\uDE00", 0, /^A surrogate is only half a character/],
  ["[a", 0, /^The class is never closed/],
  ["x[", 1, /^The class is never closed/],
  ["[]", 0, /^The class is never closed/],
  ["[^]", 0, /^The class is never closed/],
  ["[a-", 0, /^The class is never closed/],
  ["[a\\]", 0, /^The class is never closed/],
  ["[\\", 1, /^The pattern ends in a single backslash/],
  ["[xz-a]", 2, /from the lower character to the higher/],
  ["[a-\\d]", 1, /needs one character on each side/],
  ["[\\w-z]", 1, /needs one character on each side/],
  ["[a-[:digit:]]", 1, /needs one character on each side/],
  ["[a-c-e]", 4, /in the middle of a class is no range/],
  ["[[a]b]", 1, /opens no other class; write \\\[/],
  ["[[:up:]]", 1, /^There is no class \[:up:\]; write one of alnum/],
  ["[a-z&&b]", 4, /no operation &&; write \\&/],
  ["[a~~b]", 2, /no operation ~~/],
  ["[--a]", 1, /no operation --/],
  ["[\\b]", 1, /^\\b means nothing in a class; write \\x08/],
  ["[\\B]", 1, /^\\B means nothing in a class/],
  ["[x\\A]", 2, /^\\A means nothing in a class/],
  ["[\\1]", 1, /^A backreference/],
];

describe("a pattern is refused with its place and a sentence", () => {
  test.each(refused)("%s at %i", (source, position, says) => {
    const error = refusal(source);
    expect(error.message).toMatch(says);
    expect(error).toMatchObject({ name: "PatternError", code: "MS_PATTERN_INVALID", pattern: source, position });
    expect(error.message.endsWith(` (at offset ${position})`)).toBe(true);
  });
});

describe("limits", () => {
  test("a pattern of the longest length is accepted, and one character more refused", () => {
    expect(() => checkPattern("a".repeat(1_000))).not.toThrow();
    expect(refusal("a".repeat(1_001))).toMatchObject({ position: 1_000, message: expect.stringMatching(/may have 1000 characters/) });
  });

  test("groups nest a hundred deep and no deeper", () => {
    const nested = (depth: number): string => "(".repeat(depth) + "a" + ")".repeat(depth);
    expect(() => checkPattern(nested(100))).not.toThrow();
    expect(refusal(nested(101))).toMatchObject({ position: 100, message: expect.stringMatching(/^Groups may nest 100 deep/) });
    expect(refusal("(".repeat(1_000)).position).toBe(100);
  });

  test("repetitions that multiply to too large a program are refused where the innermost begins", () => {
    expect(() => checkPattern("a{1000}")).not.toThrow();
    expect(refusal("x(?:(?:a{100}){100})b")).toMatchObject({ position: 8, message: expect.stringMatching(/more than 10000 instructions/) });
    expect(refusal("(?:(?:(?:a{1000}){1000}){1000}){1000}").position).toBe(10);
  });

  test("repetitions of nothing cost nothing, however they multiply", () => {
    expect(() => checkPattern(`${"(?:".repeat(90)}${"){1000}".repeat(90)}`)).not.toThrow();
    expect(() => checkPattern(`${"(?:".repeat(80)}${"){0,1000}".repeat(80)}`)).not.toThrow();
    expect(() => checkPattern("(?:(?:(?:a{0}){1000}){1000}){1000}")).not.toThrow();
  });

  test("a choice counts once for each branch, and a class once for each range", () => {
    const sized = (source: string, programSize: number) => () => checkPattern(source, { limits: { programSize } });
    expect(sized("a|b|c", 9)).not.toThrow();
    expect(sized("a|b|c", 8)).toThrow(PatternError);
    expect(sized("[acegi]", 8)).not.toThrow();
    expect(sized("[acegi]", 7)).toThrow(PatternError);
    expect(() => checkPattern(`(?:${"|".repeat(900)}){1000}`)).toThrow(/more than 10000 instructions/);
  });

  test("what was accepted compiles for either anchoring, up to the last instruction", () => {
    for (let count = 1; count < 12; count++) {
      const source = `a{${count}}`;
      const limits = { programSize: 10 };
      const compiled = () => [new PatternSet([source], { limits }), new PatternSet([source], { anchored: "search", limits })];
      const accepted = (): void => checkPattern(source, { limits });
      if (count <= 7) expect(accepted).not.toThrow();
      else expect(accepted).toThrow(PatternError);
      if (count <= 7) expect(compiled).not.toThrow();
    }
  });

  test("a set as a whole has a size, and the pattern that passes it is named", () => {
    const sources = ["abc", "def", "ghi"];
    expect(() => new PatternSet(sources, { limits: { setSize: 12 } })).not.toThrow();
    expect(() => new PatternSet(sources, { limits: { setSize: 11 } })).toThrow(
      expect.objectContaining({ pattern: "ghi", message: expect.stringMatching(/^The patterns up to this one/) }),
    );
  });

  test("a caller may set other limits", () => {
    expect(() => checkPattern("abcd", { limits: { patternLength: 3 } })).toThrow(/may have 3 characters/);
    expect(() => checkPattern("a{4}", { limits: { repeatCount: 3 } })).toThrow(/may count to 3/);
  });
});

describe("whatever string is given as a pattern", () => {
  const pieces = [..."()[]{}|*+?^$.\\-,:<>P=!#imsUabk01é&~ \n\ud83d", "(?", "[[:", ":]]", "{2}", "\\x{", "(?i)", "(?:", "[^", "😀"];

  test("it ends in a PatternError inside the pattern or in a pattern that works", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...pieces), maxLength: 14 }),
        fc.string({ unit: fc.constantFrom(..."ab0\n é😀") }),
        (source, text) => {
          try {
            const set = new PatternSet([source, "(?s:.*)"]);
            expect(set.match(text)).toContain(1);
          } catch (error) {
            if (!(error instanceof PatternError)) throw error;
            expect(error.position).toBeGreaterThanOrEqual(0);
            expect(error.position).toBeLessThanOrEqual(source.length);
          }
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
