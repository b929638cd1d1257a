import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the built program is, below apps/cli in a clone. */
const programFolder = fileURLToPath(new URL(".", import.meta.url));

/** The folder of a package beside this program, where it runs from a clone and not from what a registry gave. */
export function packageInClone(name: string, program = programFolder): string | undefined {
  const folder = join(program, "../../../packages", name.replace(/^@mothership\//, ""));
  const about = join(folder, "package.json");
  // Any monorepo may have a folder of that name.
  return existsSync(about) && readFileSync(about, "utf8").includes(`"name": "${name}"`) ? folder : undefined;
}

/** How a shell makes that package one of the project in its folder. */
export function linkCommand(name: string, folder: string): string {
  return `mkdir -p node_modules/@mothership && ln -s '${folder.replaceAll("'", `'\\''`)}' node_modules/${name}`;
}
