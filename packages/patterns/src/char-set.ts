/** Code points as sorted, disjoint, non-adjacent ranges, flat: `[low, high, low, high, ...]`, both ends included. */
export type CharSet = readonly number[];

const maxCodePoint = 0x10ffff;
const ascii = (...ends: string[]): CharSet => ends.map((end) => end.charCodeAt(0));

export const anyChar: CharSet = [0, maxCodePoint];
export const newline: CharSet = ascii("\n", "\n");
export const digit: CharSet = ascii("0", "9");
export const word: CharSet = ascii("0", "9", "A", "Z", "_", "_", "a", "z");
export const space: CharSet = ascii("\t", "\r", " ", " ");

/** The classes written `[[:name:]]`, ASCII only. */
export const posixClasses: ReadonlyMap<string, CharSet> = new Map([
  ["alnum", ascii("0", "9", "A", "Z", "a", "z")],
  ["alpha", ascii("A", "Z", "a", "z")],
  ["ascii", ascii("\0", "\x7f")],
  ["blank", ascii("\t", "\t", " ", " ")],
  ["cntrl", ascii("\0", "\x1f", "\x7f", "\x7f")],
  ["digit", digit],
  ["graph", ascii("!", "~")],
  ["lower", ascii("a", "z")],
  ["print", ascii(" ", "~")],
  ["punct", ascii("!", "/", ":", "@", "[", "`", "{", "~")],
  ["space", space],
  ["upper", ascii("A", "Z")],
  ["word", word],
  ["xdigit", ascii("0", "9", "A", "F", "a", "f")],
]);

/** Makes a set of ranges in any order, overlapping or not. */
export function charSet(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [low, high] of pairs) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last + 1) merged[merged.length - 1] = Math.max(last, high);
    else merged.push(low, high);
  }
  return merged;
}

/** Every code point that is not in the set. */
export function negate(set: CharSet): CharSet {
  const rest: number[] = [];
  let low = 0;
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > low) rest.push(low, set[i]! - 1);
    low = set[i + 1]! + 1;
  }
  if (low <= maxCodePoint) rest.push(low, maxCodePoint);
  return rest;
}

/** True when the set has the code point; takes time logarithmic in the number of ranges. */
export function has(set: CharSet, codePoint: number): boolean {
  let low = 0;
  let high = set.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[2 * middle + 1]! < codePoint) low = middle + 1;
    else high = middle;
  }
  return 2 * low < set.length && set[2 * low]! <= codePoint;
}
