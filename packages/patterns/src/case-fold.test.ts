import { describe, expect, test } from "vitest";
import { foldCase } from "./case-fold.ts";
import { anyChar } from "./char-set.ts";

function members(set: readonly number[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < set.length; i += 2) for (let one = set[i]!; one <= set[i + 1]!; one++) found.push(one);
  return found;
}

describe("foldCase", () => {
  test("brings to each letter what the native RegExp takes for it without regard to case", () => {
    const letters: string[] = [];
    for (let one = 0; one <= 0x1ffff; one++) {
      const letter = String.fromCodePoint(one);
      if (/[\p{Cased}\p{Changes_When_Casemapped}]/u.test(letter)) letters.push(letter);
    }
    expect(letters.length).toBeGreaterThan(4_000);
    const all = letters.join("");
    const different = letters.filter((letter) => {
      const native = [...all.matchAll(new RegExp(letter, "giu"))].map((match) => match[0].codePointAt(0)!).sort((a, b) => a - b);
      const code = letter.codePointAt(0)!;
      return members(foldCase([code, code])).join() !== native.join();
    });
    expect(different).toEqual([]);
  });

  test("folds a wide range as it folds each of its letters", () => {
    expect(foldCase([0x61, 0x7a])).toEqual([0x41, 0x5a, 0x61, 0x7a, 0x17f, 0x17f, 0x212a, 0x212a]);
    const wide = foldCase([0x80, 0x2000]);
    const each = new Set(members([0x80, 0x2000]).flatMap((one) => members(foldCase([one, one]))));
    expect(members(wide)).toEqual([...each].sort((a, b) => a - b));
  });

  test("has nothing to add to all characters, nor to characters without case", () => {
    expect(foldCase(anyChar)).toEqual(anyChar);
    expect(foldCase([0x30, 0x39])).toEqual([0x30, 0x39]);
    expect(foldCase([])).toEqual([]);
  });
});
