export type { Coding } from "./codings.ts";
export { type CompressionOptions, compression } from "./compression.ts";
export { FilterOptionError } from "./errors.ts";
export { type PreflightCacheOptions, preflightCache } from "./preflight-cache.ts";
export { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
export type { LimitScope } from "./rate-limit-fields.ts";
export { rateLimitMemory } from "./shared-buckets.ts";
export { type StaticDirectory, staticFiles } from "./static-files.ts";
