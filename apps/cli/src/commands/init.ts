import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode } from "@mothership/kernel";
import { manifestSchema, schemaFileName, starterManifest } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { UsageError } from "../errors.ts";
import { bayProject } from "../files/bay-project.ts";
import { linkCommand, packageInClone } from "../files/clone.ts";
import { manifestPath } from "../files/manifest-path.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { version } from "../version.ts";

const docking = "@mothership/docking";

/** `mothership init`: a manifest to start from, with the schema that editors complete and check it by; with `--bay` a bay that works. */
export async function init(invocation: Invocation, terminal: Terminal): Promise<number> {
  const file = manifestPath(invocation);
  const folder = dirname(file);
  const project = invocation.bay ? bayProject(bayName(folder), version) : { "ship-manifest.toml": starterManifest };
  const files = Object.entries(project).map(([name, text]) => ({ path: name === "ship-manifest.toml" ? file : join(folder, name), text }));
  // All of it or nothing: half a project would be in the way of the next try.
  for (const { path } of files) if (existsSync(path)) throw existsAlready(path);
  for (const { path, text } of files) await writeNew(path, text);
  // Ours alone, and made anew: an older one would describe an older version.
  const schema = join(folder, schemaFileName);
  await writeFile(schema, `${JSON.stringify(manifestSchema, null, 2)}\n`);
  const written = [...files.map(({ path }) => path), schema].join(", ");
  const named = file === "ship-manifest.toml" ? "" : ` -c ${file}`;
  const next = invocation.bay
    ? `${installing(folder)}, then "mothership${named}"`
    : `check it with "mothership clearance${named}", run it with "mothership${named}"`;
  terminal.out(`wrote ${written}; ${next}\n`);
  return exitCodes.done;
}

/** How the bay gets its package. What runs from a clone may not be published, so npm would not find it. */
function installing(folder: string): string {
  const clone = packageInClone(docking);
  const where = folder === "." ? "" : ` in ${folder}`;
  return clone === undefined
    ? `run "npm install"${where}`
    : `this is mothership from a clone, so npm may not have ${docking}: link it${where} with "${linkCommand(docking, clone)}"`;
}

/** A name for the bay that is one: the folder's, as far as it can be. */
function bayName(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z\d_-]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  return name === "" ? "bay" : name.slice(0, 40);
}

function existsAlready(path: string): UsageError {
  return new UsageError(`${path} exists already and is left as it is; take another folder or name with -c`);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw existsAlready(path);
    if (hasCode(error, "ENOENT")) throw new UsageError(`the folder ${dirname(path)} does not exist`);
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}`);
  }
}
