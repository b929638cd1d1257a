export { ManifestError, SelectionError } from "./errors.ts";
export { type FormatOptions, formatIssues } from "./format-issues.ts";
export type { ManifestIssue } from "./issue.ts";
export { loadManifest } from "./load.ts";
export { manifestSchema } from "./manifest-schema.ts";
export { type ManifestOptions, type ParseOptions, parseManifest, socketFolder } from "./parse.ts";
export type {
  Bay,
  Bind,
  CorsCache,
  FilePath,
  Flagship,
  Manifest,
  Module,
  MothershipSettings,
  PrelaunchJob,
  RateLimiting,
  Route,
  Ship,
  StaticDir,
  StaticFlagship,
  Uplink,
} from "./types.ts";
