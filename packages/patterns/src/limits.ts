/** What a pattern, a set and a set's memory may cost. Passing one of the first four is a `PatternError`. */
export interface PatternLimits {
  /** UTF-16 code units in one pattern. */
  readonly patternLength: number;
  /** The largest number in `{n,m}`. */
  readonly repeatCount: number;
  /** Size of one compiled pattern, in instructions; a class of characters counts once per range, a choice once per branch. */
  readonly programSize: number;
  /** Size of all compiled patterns of one set together. */
  readonly setSize: number;
  /** States of the automaton kept between matches. When they are used up, all are dropped and built again as needed. */
  readonly cachedStates: number;
  /** Numbers kept for those states, some 12 bytes of memory each; passing it has the same effect. */
  readonly cachedCells: number;
}

/** The limits in force where a caller gives none. */
export const defaultLimits: PatternLimits = {
  patternLength: 1_000,
  repeatCount: 1_000,
  programSize: 10_000,
  setSize: 200_000,
  cachedStates: 10_000,
  cachedCells: 1_000_000,
};

/** How deep groups may nest. Fixed, because the parser and the compiler recurse once per level. */
export const maxNesting = 100;
