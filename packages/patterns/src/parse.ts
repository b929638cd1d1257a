import { foldCase } from "./case-fold.ts";
import { anyChar, type CharSet, negate, newline } from "./char-set.ts";
import { readClass, readEscape } from "./classes.ts";
import { maxNesting, type PatternLimits } from "./limits.ts";
import { PatternReader } from "./reader.ts";

/** A condition on a place between two characters. */
export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordEdge" | "notWordEdge";

/** A parsed pattern. Groups leave no trace: what a group captured is never asked for. */
export type PatternNode =
  | { readonly kind: "chars"; readonly set: CharSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly branches: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly body: PatternNode; readonly min: number; readonly max: number; readonly at: number };

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiLine: boolean;
}

/**
 * Reads a pattern in the syntax that RE2 and Rust's `regex` share.
 *
 * @throws {PatternError} at the first thing that is malformed, over a limit, or not matchable in linear time.
 */
export function parsePattern(source: string, limits: PatternLimits): PatternNode {
  return new Parser(source, limits).parse();
}

class Parser {
  readonly #reader: PatternReader;
  readonly #limits: PatternLimits;
  readonly #names = new Set<string>();
  #flags: Flags = { ignoreCase: false, dotAll: false, multiLine: false };

  constructor(source: string, limits: PatternLimits) {
    this.#reader = new PatternReader(source);
    this.#limits = limits;
  }

  parse(): PatternNode {
    const { patternLength } = this.#limits;
    if (this.#reader.source.length > patternLength)
      throw this.#reader.error(`A pattern may have ${patternLength} characters; write a shorter one or several`, patternLength);
    const node = this.#choice(0);
    if (!this.#reader.atEnd()) throw this.#reader.error("This ) closes no group; write \\) for the character itself");
    return node;
  }

  #choice(depth: number): PatternNode {
    const branches = [this.#sequence(depth)];
    while (this.#reader.eat("|")) branches.push(this.#sequence(depth));
    return branches.length === 1 ? branches[0]! : { kind: "choice", branches };
  }

  #sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.#reader.atEnd() && !this.#reader.sees("|") && !this.#reader.sees(")")) {
      const atom = this.#atom(depth);
      if (atom) parts.push(this.#repeated(atom));
    }
    return { kind: "sequence", parts };
  }

  /** One thing that a repetition may follow; nothing for a group that only sets flags. */
  #atom(depth: number): PatternNode | undefined {
    const reader = this.#reader;
    const { ignoreCase, dotAll, multiLine } = this.#flags;
    if (reader.sees("(")) return this.#group(depth);
    if (reader.eat("[")) return { kind: "chars", set: readClass(reader, ignoreCase) };
    if (reader.eat(".")) return { kind: "chars", set: dotAll ? anyChar : negate(newline) };
    if (reader.eat("^")) return { kind: "assert", assertion: multiLine ? "lineStart" : "textStart" };
    if (reader.eat("$")) return { kind: "assert", assertion: multiLine ? "lineEnd" : "textEnd" };
    if (reader.eat("\\A")) return { kind: "assert", assertion: "textStart" };
    if (reader.eat("\\z")) return { kind: "assert", assertion: "textEnd" };
    if (reader.eat("\\b")) return { kind: "assert", assertion: "wordEdge" };
    if (reader.eat("\\B")) return { kind: "assert", assertion: "notWordEdge" };
    if (reader.sees("{")) throw reader.error("A { begins a repetition such as {2} or {2,5}; write \\{ for the character itself");
    const repetition = reader.eatMatch(/[*+?]/y)?.[0];
    if (repetition)
      throw reader.error(`Nothing stands before ${repetition} to repeat; write \\${repetition} for the character itself`, reader.at - 1);
    const taken = reader.eat("\\") ? readEscape(reader, ignoreCase) : reader.take();
    if (typeof taken !== "number") return { kind: "chars", set: taken };
    return { kind: "chars", set: ignoreCase ? foldCase([taken, taken]) : [taken, taken] };
  }

  #repeated(body: PatternNode): PatternNode {
    const reader = this.#reader;
    const at = reader.at;
    const [min, max] = this.#bounds();
    if (min === 1 && max === 1 && reader.at === at) return body;
    reader.eat("?");
    if (reader.sees("+"))
      throw reader.error("A possessive repetition needs backtracking to mean anything; write the repetition without the second +");
    if (reader.eatMatch(/[*?{]/y))
      throw reader.error("One repetition follows another; put the first in a group such as (?:a*)", reader.at - 1);
    return { kind: "repeat", body, min, max, at };
  }

  #bounds(): [number, number] {
    const reader = this.#reader;
    const at = reader.at;
    if (reader.eat("*")) return [0, Number.POSITIVE_INFINITY];
    if (reader.eat("+")) return [1, Number.POSITIVE_INFINITY];
    if (reader.eat("?")) return [0, 1];
    if (!reader.sees("{")) return [1, 1];
    const match = reader.eatMatch(/\{(\d+)(,?)(\d*)\}/y);
    if (!match || (!match[2] && match[3]))
      throw reader.error("A repetition is written {2}, {2,} or {2,5}; write \\{ for the character itself", at);
    const min = Number(match[1]);
    const max = match[3] ? Number(match[3]) : match[2] ? Number.POSITIVE_INFINITY : min;
    const { repeatCount } = this.#limits;
    if (min > repeatCount || (match[3] && max > repeatCount))
      throw reader.error(`A repetition may count to ${repeatCount}; write a smaller number, or none after the comma`, at);
    if (min > max) throw reader.error("A repetition counts from the smaller number to the larger; swap the two", at);
    return [min, max];
  }

  #group(depth: number): PatternNode | undefined {
    const reader = this.#reader;
    const start = reader.at;
    if (depth >= maxNesting) throw reader.error(`Groups may nest ${maxNesting} deep; write the pattern with fewer`);
    reader.eat("(");
    const outer = this.#flags;
    if (reader.sees("?") && this.#groupHead(start)) return undefined;
    const body = this.#choice(depth + 1);
    if (!reader.eat(")")) throw reader.error("The group is never closed; write ) at its end, or \\( for the character itself", start);
    this.#flags = outer;
    return body;
  }

  /** Reads what follows `(` from the question mark on. True when the group is over: it only set flags. */
  #groupHead(start: number): boolean {
    const reader = this.#reader;
    const name = reader.eatMatch(/\?P?<([A-Za-z_]\w*)>/y)?.[1];
    if (name !== undefined) {
      if (this.#names.has(name)) throw reader.error(`Two groups have the name ${name}; write another for the second`, start);
      this.#names.add(name);
      return false;
    }
    const flags = reader.eatMatch(/\?([imsU]*)(?:-([imsU]+))?([:)])/y);
    if (!flags || flags[0] === "?)") throw reader.error(groupProblem(reader), start);
    const [, on = "", off = "", end] = flags;
    const flag = (letter: string, before: boolean): boolean => (before || on.includes(letter)) && !off.includes(letter);
    const { ignoreCase, dotAll, multiLine } = this.#flags;
    this.#flags = { ignoreCase: flag("i", ignoreCase), dotAll: flag("s", dotAll), multiLine: flag("m", multiLine) };
    return end === ")";
  }
}

function groupProblem(reader: PatternReader): string {
  if (reader.sees("?=") || reader.sees("?!"))
    return "Look-ahead is not available, because it cannot be matched in one pass; write each case as its own pattern";
  if (reader.sees("?<=") || reader.sees("?<!"))
    return "Look-behind is not available, because it cannot be matched in one pass; write each case as its own pattern";
  if (reader.sees("?>")) return "An atomic group needs backtracking to mean anything; write (?: instead of (?>";
  if (reader.sees("?P=")) return "A backreference cannot be matched in linear time; write out the text that it would repeat";
  if (reader.sees("?<") || reader.sees("?P<")) return "The name of a group is letters, digits and _; write it as (?<name>...)";
  if (reader.sees("?#")) return "Comments are not available; leave the comment out";
  return "A group cannot begin like this; write (?:...), (?<name>...) or flags out of i, m, s and U such as (?i)";
}
