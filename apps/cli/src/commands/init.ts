import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "@mothership/kernel";
import { manifestSchema, starterManifest } from "@mothership/manifest";
import type { Invocation } from "../args.ts";
import { UsageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { manifestPath } from "../manifest-file.ts";
import type { Terminal } from "../terminal.ts";

/** Beside the manifest; its first line points here. */
const schemaFile = "ship-manifest.schema.json";

/** `mothership init`: a manifest to start from, with the schema that editors complete and check it by. */
export async function init(invocation: Invocation, terminal: Terminal): Promise<number> {
  const file = manifestPath(invocation);
  try {
    await writeFile(file, starterManifest, { flag: "wx" });
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw new UsageError(`${file} exists already and is left as it is; take another name with -c`);
    if (hasCode(error, "ENOENT")) throw new UsageError(`the folder ${dirname(file)} does not exist`);
    throw new UsageError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}`);
  }
  // Ours alone, and made anew: an older one would describe an older version.
  await writeFile(join(dirname(file), schemaFile), `${JSON.stringify(manifestSchema, null, 2)}\n`);
  terminal.out(`wrote ${file} and ${schemaFile}; check it with "mothership clearance", run it with "mothership"\n`);
  return exitCodes.done;
}
