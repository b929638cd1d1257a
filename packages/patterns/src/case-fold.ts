import { type CharSet, charSet, has } from "./char-set.ts";

const lastCasedCodePoint = 0x1ffff;
let orbits: ReadonlyMap<number, readonly number[]> | undefined;

/** The set with every other case of its letters, by Unicode's simple case folding: `k` brings `K` and the Kelvin sign. */
export function foldCase(set: CharSet): CharSet {
  orbits ??= caseOrbits();
  const ranges = [...set];
  for (let i = 0; i < set.length; i += 2) {
    const [low, high] = [set[i]!, set[i + 1]!];
    // A wide range is held against the table of cased letters, not the table against every member of the range.
    const candidates = high - low < orbits.size ? Array.from({ length: high - low + 1 }, (_, n) => low + n) : orbits.keys();
    for (const codePoint of candidates) {
      if (codePoint < low || codePoint > high) continue;
      for (const other of orbits.get(codePoint) ?? []) if (!has(set, other)) ranges.push(other, other);
    }
  }
  return charSet(ranges);
}

/**
 * Letters that differ only in case, by each of them. Upper, lower, upper again brings all of one kind together (the long s,
 * the final sigma). The scan takes some milliseconds, once, and only where `(?i)` is used.
 */
function caseOrbits(): ReadonlyMap<number, readonly number[]> {
  const byKey = new Map<string, number[]>();
  const found = new Map<number, readonly number[]>();
  for (let codePoint = 0; codePoint <= lastCasedCodePoint; codePoint++) {
    const letter = String.fromCodePoint(codePoint);
    // The dotless i has the upper case of "i" but folds to itself.
    if (letter === "\u0131" || !/\p{Changes_When_Casemapped}/u.test(letter)) continue;
    const key = letter.toUpperCase().toLowerCase().toUpperCase();
    const orbit = byKey.get(key) ?? [];
    orbit.push(codePoint);
    byKey.set(key, orbit);
    found.set(codePoint, orbit);
  }
  return found;
}
