import { foldCase } from "./case-fold.ts";
import { type CharSet, charSet, digit, negate, posixClasses, space, word } from "./char-set.ts";
import type { PatternReader } from "./reader.ts";

const controls = new Map([..."afnrtv"].map((letter, i) => [letter, [0x07, 0x0c, 0x0a, 0x0d, 0x09, 0x0b][i]!]));
const perlClasses: ReadonlyMap<string, CharSet> = new Map([
  ["d", digit],
  ["s", space],
  ["w", word],
]);

/** Reads what follows a backslash, where it stands for one character (a number) or for a class of them. The backslash has been passed. */
export function readEscape(reader: PatternReader, ignoreCase: boolean): number | CharSet {
  const start = reader.at - 1;
  if (reader.atEnd()) throw reader.error("The pattern ends in a single backslash; write \\\\ for the character itself", start);
  const codePoint = reader.take();
  const letter = String.fromCodePoint(codePoint);
  const perlClass = perlClasses.get(letter.toLowerCase());
  if (perlClass) return classOf(perlClass, /[DSW]/.test(letter), ignoreCase);
  const control = controls.get(letter);
  if (control !== undefined) return control;
  if (letter === "x" || letter === "u") return readHex(reader, letter, start);
  if (/[!-/:;=?@[-`{-~ ]/.test(letter)) return codePoint;
  throw reader.error(escapeProblem(letter), start);
}

/** Reads a bracketed class after its opening bracket, up to and with the closing one. */
export function readClass(reader: PatternReader, ignoreCase: boolean): CharSet {
  const start = reader.at - 1;
  const negated = reader.eat("^");
  const first = reader.at;
  const ranges: number[] = [];
  while (reader.at === first || !reader.sees("]")) {
    if (reader.atEnd()) throw reader.error("The class is never closed; write ] at its end, or \\[ for the character itself", start);
    const at = reader.at;
    const low = readMember(reader, first, ignoreCase);
    if (!reader.sees("-") || reader.sees("-]")) {
      ranges.push(...(typeof low === "number" ? [low, low] : low));
      continue;
    }
    reader.eat("-");
    if (reader.atEnd()) continue;
    const high = readMember(reader, first, ignoreCase);
    if (typeof low !== "number" || typeof high !== "number")
      throw reader.error("A range in a class needs one character on each side; write \\- for the character itself", at);
    if (low > high) throw reader.error("A range in a class runs from the lower character to the higher; swap its two ends", at);
    ranges.push(low, high);
  }
  reader.eat("]");
  return classOf(charSet(ranges), negated, ignoreCase);
}

function readMember(reader: PatternReader, first: number, ignoreCase: boolean): number | CharSet {
  const at = reader.at;
  if (reader.eat("\\")) {
    if (reader.sees("b")) throw reader.error("\\b means nothing in a class; write \\x08 for a backspace", at);
    return readEscape(reader, ignoreCase);
  }
  if (reader.sees("[")) return readPosixClass(reader, ignoreCase);
  // Other engines read these as operations on sets, so they cannot be taken for the characters.
  for (const operator of ["&&", "--", "~~"]) {
    if (reader.sees(operator))
      throw reader.error(`Classes have no operation ${operator}; write \\${operator[0]} for the character itself`, at);
  }
  if (reader.sees("-") && at !== first && !reader.sees("-]"))
    throw reader.error("A - in the middle of a class is no range; write \\- for the character itself", at);
  return reader.take();
}

function readPosixClass(reader: PatternReader, ignoreCase: boolean): CharSet {
  const at = reader.at;
  const match = reader.eatMatch(/\[:(\^?)(\w*):\]/y);
  if (!match) throw reader.error("A [ in a class opens no other class; write \\[ for the character itself", at);
  const set = posixClasses.get(match[2]!);
  if (!set) throw reader.error(`There is no class ${match[0]}; write one of ${[...posixClasses.keys()].join(", ")}`, at);
  return classOf(set, match[1] === "^", ignoreCase);
}

/** Folding comes before negation: without regard to case, what is no letter is not the long s either. */
function classOf(set: CharSet, negated: boolean, ignoreCase: boolean): CharSet {
  const folded = ignoreCase ? foldCase(set) : set;
  return negated ? negate(folded) : folded;
}

function readHex(reader: PatternReader, letter: "x" | "u", start: number): number {
  const match = reader.eatMatch(letter === "x" ? /([0-9a-f]{2})|\{([0-9a-f]{1,8})\}/iy : /([0-9a-f]{4})|\{([0-9a-f]{1,8})\}/iy);
  if (!match) throw reader.error(`\\${letter} needs hexadecimal digits; write \\x41, \\u0041 or \\x{1F600}`, start);
  const codePoint = Number.parseInt(match[1] ?? match[2]!, 16);
  if (codePoint > 0x10ffff) throw reader.error("No character has this number; the last one is \\x{10FFFF}", start);
  if (codePoint >= 0xd800 && codePoint <= 0xdfff)
    throw reader.error("A surrogate is only half a character; write the whole one, such as \\x{1F600}", start);
  return codePoint;
}

function escapeProblem(letter: string): string {
  if (/[1-9k]/.test(letter)) return "A backreference cannot be matched in linear time; write out the text that it would repeat";
  if (letter === "0") return "\\0 is read differently by different engines; write \\x00";
  if (letter === "Z") return "\\Z is read differently by different engines; write \\z for the end of the text";
  if (letter === "A" || letter === "z" || letter === "B") return `\\${letter} means nothing in a class; write it outside the brackets`;
  if (/[pP]/.test(letter)) return "Unicode properties are not available; write the characters as a class such as [\\x{400}-\\x{4FF}]";
  if (/[<>]/.test(letter))
    return `\\${letter} is read differently by different engines; write ${letter} alone, or \\b for the edge of a word`;
  return `\\${letter} is no escape; write ${letter} alone if the character itself is meant`;
}
