import { check } from "./check.ts";
import { ManifestError } from "./errors.ts";
import type { Environment } from "./expand.ts";
import { fitsLimits } from "./fits-limits.ts";
import { IssueList } from "./issue.ts";
import { manifestSchema } from "./manifest-schema.ts";
import { type NamedFiles, noFiles } from "./named-files.ts";
import { normalize } from "./normalize.ts";
import type { Loose, RawManifest } from "./raw.ts";
import { readToml } from "./toml.ts";
import type { Manifest } from "./types.ts";
import { validate } from "./validate.ts";

/** What a manifest is read with. */
export interface ManifestOptions {
  /** Where `$NAME` is looked up. Default: no variables; a program passes `process.env`. */
  readonly env?: Environment | undefined;
  /** Folder of the bays' sockets, for the check of their path lengths. Default: `socketFolder(env)`. */
  readonly socketDir?: string | undefined;
}

export interface ParseOptions extends ManifestOptions {
  /** Name for messages. Default: "ship-manifest.toml". */
  readonly file?: string | undefined;
  /** Absolute folder that relative paths start from. Without it they stay as written. */
  readonly folder?: string | undefined;
}

/**
 * Reads a manifest from text. No disk is touched: env files are not read, so `env` has only what the manifest itself says.
 *
 * @throws {ManifestError} with every mistake, not only the first; only where the text is not TOML, what follows goes unread.
 */
export function parseManifest(text: string, options: ParseOptions = {}): Manifest {
  return completeManifest(readText(text, options), noFiles, options);
}

/** A text that was read as TOML and held against the schema. */
export interface ReadText {
  readonly raw: Loose<RawManifest>;
  readonly issues: IssueList;
}

/** The first half of reading: what can be known before the files that the manifest names are read. @throws {ManifestError} for what is no TOML. */
export function readText(text: string, { file = "ship-manifest.toml" }: ParseOptions): ReadText {
  const tables = readToml(text, file);
  const issues = new IssueList(file, text);
  // The walker has taken out everything that does not fit the schema, which says the same as the type.
  return { raw: validate(tables, manifestSchema, [], issues) as Loose<RawManifest>, issues };
}

/** The second half. @throws {ManifestError} with every mistake. */
export function completeManifest({ raw, issues }: ReadText, files: NamedFiles, options: ParseOptions): Manifest {
  const { env = {}, folder = "", socketDir = socketFolder(env) } = options;
  // What is too large is not written out: inheriting multiplies.
  if (!fitsLimits(raw, { files, folder }, issues)) throw errorOf(issues);
  const draft = normalize(raw, { issues, env, folder, files });
  check(draft, { socketDir, programs: files.programs }, issues);
  if (issues.count > 0) throw errorOf(issues);
  return draft.manifest;
}

/** Only for a list that is not empty. */
function errorOf(issues: IssueList): ManifestError {
  const [first, ...others] = issues.sorted();
  return new ManifestError([first!, ...others], issues.count);
}

/**
 * Where the sockets of bays are: `MS_SOCKET_DIR`, else `mothership` in `XDG_RUNTIME_DIR`, else `mothership` in the folder for temporary
 * files (`TMPDIR`, else /tmp).
 */
export function socketFolder(env: Environment): string {
  return env["MS_SOCKET_DIR"] || `${env["XDG_RUNTIME_DIR"] || env["TMPDIR"]?.replace(/(?<=.)\/+$/, "") || "/tmp"}/mothership`;
}
