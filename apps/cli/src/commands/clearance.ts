import { hasCode } from "@mothership/kernel";
import type { ManifestError } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { readManifest } from "../files/manifest-file.ts";
import { manifestPath } from "../files/manifest-path.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What is counted under another name than a person would use. */
const labels: Readonly<Record<string, string>> = { prelaunch: "prelaunch jobs", staticDirs: "static folders" };

/** `mothership clearance`: is the manifest valid? Touches neither the network nor any process. */
export async function clearance(invocation: Invocation, terminal: Terminal): Promise<number> {
  const file = manifestPath(invocation);
  try {
    const { manifest, warnings } = await readManifest(invocation);
    const counts = {
      ships: manifest.ships.length,
      bays: manifest.bays.length,
      modules: manifest.modules.length,
      binds: manifest.mothership.binds.length,
      prelaunch: manifest.mothership.prelaunch.length,
      uplinks: manifest.mothership.uplinks.length,
      staticDirs: manifest.mothership.staticDirs.length,
    };
    if (invocation.json) {
      terminal.out(`${JSON.stringify({ valid: true, file, ...counts, warnings })}\n`);
    } else {
      for (const warning of warnings) terminal.err(`mothership: ${warning}\n`);
      const parts = Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => {
          const words = labels[what] ?? what;
          return `${count} ${count === 1 ? words.replace(/s$/, "") : words}`;
        });
      terminal.out(`${file} is valid: ${parts.join(", ")}\n`);
    }
    return exitCodes.done;
  } catch (error) {
    if (!invocation.json || !hasCode(error, "MS_MANIFEST_INVALID")) throw error;
    // The code says which class it is, whichever copy of the package made it.
    const { issues } = error as ManifestError;
    terminal.out(`${JSON.stringify({ valid: false, file, issues })}\n`);
    return exitCodes.usage;
  }
}
