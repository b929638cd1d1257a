import { check } from "./check.ts";
import { ManifestError } from "./errors.ts";
import type { Environment } from "./expand.ts";
import { fitsLimits } from "./fits-limits.ts";
import { IssueList } from "./issue.ts";
import { manifestSchema } from "./manifest-schema.ts";
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
 * Reads a manifest from text.
 *
 * @throws {ManifestError} with every mistake, not only the first; only where the text is not TOML, what follows goes unread.
 */
export function parseManifest(text: string, options: ParseOptions = {}): Manifest {
  const { env = {}, file = "ship-manifest.toml", folder = "", socketDir = socketFolder(env) } = options;
  const tables = readToml(text, file);
  const issues = new IssueList(file, text);
  // The walker has taken out everything that does not fit the schema, which says the same as the type.
  const raw = validate(tables, manifestSchema, [], issues) as Loose<RawManifest>;
  // What is too large is not written out: inheriting multiplies.
  if (!fitsLimits(raw, issues)) throw errorOf(issues);
  const draft = normalize(raw, { issues, env, folder });
  check(draft, socketDir, issues);
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
