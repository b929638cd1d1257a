import { Automaton } from "./automaton.ts";
import { defaultLimits, type PatternLimits } from "./limits.ts";
import { type Anchoring, Program } from "./program.ts";

/** How patterns are to be matched. */
export interface PatternOptions {
  /** `whole` (the default): a pattern has to match all of the text. `search`: some part of it is enough. */
  readonly anchored?: Anchoring;
  /** Replaces single values of `defaultLimits`. */
  readonly limits?: Partial<PatternLimits>;
}

/**
 * Checks that a pattern can be used, whole or searching, without keeping anything of it.
 *
 * @throws {PatternError} naming the first thing that is wrong and where.
 */
export function checkPattern(source: string, { limits }: Pick<PatternOptions, "limits"> = {}): void {
  // Searching compiles to a little more, so what passes here passes for either anchoring.
  new Program("search", { ...defaultLimits, ...limits }).add(source);
}

/**
 * A test for one pattern. It takes time linear in the text and keeps a bounded memory of the texts it has seen.
 *
 * @throws {PatternError}
 */
export function compilePattern(source: string, options: PatternOptions = {}): (text: string) => boolean {
  const set = new PatternSet([source], options);
  return (text) => set.match(text).length > 0;
}

/**
 * Patterns that are all tried in one pass over a text. A text like those seen before costs the same however many patterns there are;
 * a text that leads somewhere new costs, for each new character at worst, the compiled size of the set.
 *
 * @example
 * const routes = new PatternSet(["/api/.*", "/.*"]);
 * routes.match("/api/users"); // [0, 1]
 */
export class PatternSet {
  /** How many patterns there are. */
  readonly size: number;
  readonly #automaton: Automaton;

  /** @throws {PatternError} for the first pattern that cannot be used, or where the set as a whole is too large. */
  constructor(sources: readonly string[], { anchored = "whole", limits }: PatternOptions = {}) {
    const inForce = { ...defaultLimits, ...limits };
    const program = new Program(anchored, inForce);
    for (const source of sources) program.add(source);
    this.size = sources.length;
    this.#automaton = new Automaton(program, inForce);
  }

  /**
   * The indices of the patterns that match, ascending. The array is frozen and shared between calls.
   *
   * A code point is one character to a pattern, so `.` never takes half of a surrogate pair; a surrogate without its other half is a
   * character of its own, which `.` and negated classes match.
   */
  match(text: string): readonly number[] {
    return this.#automaton.match(text);
  }
}
