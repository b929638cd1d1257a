import { loadManifest, type Manifest, type Selection, selectByTags } from "@mothership/manifest";
import type { Invocation } from "./args.ts";

const defaultManifest = "ship-manifest.toml";

/** The path of the manifest that the command line means. */
export function manifestPath({ manifest }: Invocation): string {
  return manifest ?? defaultManifest;
}

/**
 * The manifest that the command line means, narrowed to what `--only` and `--except` leave.
 *
 * @throws {ManifestError} with everything that is wrong with it.
 */
export async function readManifest(invocation: Invocation): Promise<Selection> {
  const manifest: Manifest = await loadManifest(manifestPath(invocation), { env: process.env });
  return selectByTags(manifest, { only: invocation.only, except: invocation.except });
}
