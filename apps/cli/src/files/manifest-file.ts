import { loadManifest, type Manifest, selectByTags } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { manifestPath } from "./manifest-path.ts";

/** A manifest as the command line narrowed it, and what the user should know about that. */
export interface ReadManifest {
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

/**
 * The manifest that the command line means, narrowed to what `--only` and `--except` leave. `baySockets`: where bays are going to listen,
 * if that is known, for the check of their paths.
 *
 * @throws {ManifestError} with everything that is wrong with it; {SelectionError} when the filter fits nothing.
 */
export async function readManifest(
  invocation: Pick<Invocation, "manifest" | "only" | "except">,
  baySockets?: string,
): Promise<ReadManifest> {
  const place = baySockets === undefined ? {} : { socketDir: baySockets };
  const manifest = await loadManifest(manifestPath(invocation), { env: process.env, ...place });
  if (invocation.only.length === 0 && invocation.except.length === 0) return { manifest, warnings: [] };
  const { manifest: selected, dropped } = selectByTags(manifest, { only: invocation.only, except: invocation.except });
  return { manifest: selected, warnings: dropped.map(({ message }) => message) };
}
