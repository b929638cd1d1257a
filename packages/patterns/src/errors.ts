/**
 * A pattern is malformed, uses something that cannot be matched in linear time, or is over a limit.
 * The message is one sentence: what is wrong and what to write instead.
 */
export class PatternError extends Error {
  readonly code = "MS_PATTERN_INVALID";
  /** The pattern as it was given. */
  readonly pattern: string;
  /** Where in the pattern, counted from 0 in UTF-16 code units. */
  readonly position: number;

  constructor(problem: string, pattern: string, position: number) {
    super(`${problem} (at offset ${position})`);
    this.name = "PatternError";
    this.pattern = pattern;
    this.position = position;
  }
}
