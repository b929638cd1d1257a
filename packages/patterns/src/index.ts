export { PatternError } from "./errors.ts";
export { defaultLimits, type PatternLimits } from "./limits.ts";
export { checkPattern, compilePattern, type PatternOptions, PatternSet } from "./pattern-set.ts";
export type { Anchoring } from "./program.ts";
