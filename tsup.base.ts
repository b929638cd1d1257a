import type { Options } from "tsup";

/** What every package's build has in common. A package with more entries than `index` names them. */
export function packageBuild(entry: string[] = ["src/index.ts"]): Options {
  return {
    entry,
    format: ["esm"],
    target: "node24",
    dts: true,
    sourcemap: true,
    clean: true,
    // tsup's default strips `node:`, which breaks modules that exist only under the prefix.
    removeNodeProtocol: false,
  };
}
