import type { IssueList } from "./issue.ts";
import { limits } from "./limits.ts";
import type { Loose, RawManifest } from "./raw.ts";

/** Whether the manifest stays within the limits on all its members together, counted before templates are applied; an issue if not. */
export function fitsLimits({ fleet = {}, bays = {}, modules = [], base = {} }: Loose<RawManifest>, issues: IssueList): boolean {
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
    size(base.module) * modules.length;
  if (values > limits.values) {
    issues.add([], `the fleet has ${values} routes, variables and other values with the inherited ones, and may have ${limits.values}`);
    return false;
  }
  return true;
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
