import type { Invocation } from "../command-line/args.ts";

const defaultManifest = "ship-manifest.toml";

/** The path of the manifest that the command line means. Apart from what reads it: commands that only ask a fleet need not load that. */
export function manifestPath({ manifest }: Pick<Invocation, "manifest">): string {
  return manifest ?? defaultManifest;
}
