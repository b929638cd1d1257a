// entry: .
/**
 * A pattern is malformed, uses something that cannot be matched in linear time, or is over a limit.
 * The message is one sentence: what is wrong and what to write instead.
 */
declare class PatternError extends Error {
    readonly code = "MS_PATTERN_INVALID";
    /** The pattern as it was given. */
    readonly pattern: string;
    /** Where in the pattern, counted from 0 in UTF-16 code units. */
    readonly position: number;
    constructor(problem: string, pattern: string, position: number);
}

/** What a pattern, a set and a set's memory may cost. Passing one of the first four is a `PatternError`. */
interface PatternLimits {
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
declare const defaultLimits: PatternLimits;

/** Where in the text a pattern has to match: all of it, or any part. */
type Anchoring = "whole" | "search";

/** How patterns are to be matched. */
interface PatternOptions {
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
declare function checkPattern(source: string, { limits }?: Pick<PatternOptions, "limits">): void;
/**
 * A test for one pattern. It takes time linear in the text and keeps a bounded memory of the texts it has seen.
 *
 * @throws {PatternError}
 */
declare function compilePattern(source: string, options?: PatternOptions): (text: string) => boolean;
/**
 * Patterns that are all tried in one pass over a text. A text like those seen before costs the same however many patterns there are;
 * a text that leads somewhere new costs, for each new character at worst, the compiled size of the set.
 *
 * @example
 * const routes = new PatternSet(["/api/.*", "/.*"]);
 * routes.match("/api/users"); // [0, 1]
 */
declare class PatternSet {
    #private;
    /** How many patterns there are. */
    readonly size: number;
    /** @throws {PatternError} for the first pattern that cannot be used, or where the set as a whole is too large. */
    constructor(sources: readonly string[], { anchored, limits }?: PatternOptions);
    /**
     * The indices of the patterns that match, ascending. The array is frozen and shared between calls.
     *
     * A code point is one character to a pattern, so `.` never takes half of a surrogate pair; a surrogate without its other half is a
     * character of its own, which `.` and negated classes match.
     */
    match(text: string): readonly number[];
}

export { PatternError, PatternSet, checkPattern, compilePattern, defaultLimits };
export type { Anchoring, PatternLimits, PatternOptions };
