import type { IssueList } from "./issue.ts";
import { limits } from "./limits.ts";
import { envFilesOf, type NamedFiles, processesOf } from "./named-files.ts";
import type { Loose, RawManifest } from "./raw.ts";

/** What was found in the files that a manifest names, and where paths start from. */
export interface FilesInFolder {
  readonly files: NamedFiles;
  readonly folder: string;
}

/** Whether the manifest stays within the limits on all its members together, counted before templates are applied; an issue if not. */
export function fitsLimits(raw: Loose<RawManifest>, { files, folder }: FilesInFolder, issues: IssueList): boolean {
  const { fleet = {}, bays = {}, modules = [], base = {} } = raw;
  const ships = Object.values(fleet).flatMap((group = []) => group);
  const docked = Object.values(bays).flatMap((group = []) => group);
  const members = ships.length + docked.length;
  if (members > limits.members) {
    issues.add([], `the fleet has ${members} ships and bays, and may have ${limits.members}`);
    return false;
  }
  const values =
    sizeOf(ships) +
    sizeOf(docked) +
    sizeOf(modules) +
    size(base.ship) * ships.length +
    size(base.bay) * docked.length +
    size(base.module) * modules.length +
    processesOf(raw).reduce((sum, { own, base }) => sum + variables(envFilesOf(own.env_file ?? base.env_file, folder), files), 0);
  if (values > limits.values) {
    issues.add([], `the fleet has ${values} routes, variables and other values with the inherited ones, and may have ${limits.values}`);
    return false;
  }
  return true;
}

/** Variables in env files. */
function variables(paths: readonly string[], { envFiles }: NamedFiles): number {
  return paths.reduce((sum, path) => {
    const file = envFiles.get(path);
    return sum + (file && "values" in file ? Object.keys(file.values).length : 0);
  }, 0);
}

function sizeOf(tables: readonly (object | undefined)[]): number {
  return tables.reduce((sum, table) => sum + size(table), 0);
}

/** Entries of the lists and tables in a table. */
function size(table: object = {}): number {
  return Object.values(table).reduce(
    (sum: number, value: unknown) => sum + (typeof value === "object" && value ? Object.keys(value).length : 0),
    0,
  );
}
