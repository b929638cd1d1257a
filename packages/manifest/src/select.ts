import { SelectionError } from "./errors.ts";
import { shown } from "./issue.ts";
import { suggestion } from "./nearest.ts";
import type { Bay, Manifest, Ship } from "./types.ts";

/** Values that match a ship or bay by one of its tags, its group (the type of a bay), or its own name. */
export interface Filter {
  /** Keep only what matches one of these. Absent or empty: keep all. */
  readonly only?: readonly string[] | undefined;
  /** Then leave out what matches one of these. */
  readonly except?: readonly string[] | undefined;
}

/** Something that was left out is waited for by something that was kept, which now starts without waiting. */
export interface DroppedDependency {
  readonly name: string;
  readonly dependency: string;
  /** One sentence for a person. */
  readonly message: string;
}

export interface Selection {
  readonly manifest: Manifest;
  readonly dropped: readonly DroppedDependency[];
}

/**
 * The manifest with only some of its ships and bays.
 *
 * Modules, prelaunch jobs and all settings stay: a filter that took a module away could open what the module guards.
 * A dependency on what was left out is dropped and reported.
 *
 * @throws {SelectionError} when a value matches nothing, since a misspelt `--except` would start what should stay off; and when
 * nothing is left.
 */
export function selectByTags(manifest: Manifest, { only = [], except = [] }: Filter): Selection {
  const all = [...manifest.ships, ...manifest.bays];
  checkValues(all, only, "--only");
  checkValues(all, except, "--except");
  const isKept = (member: Ship | Bay): boolean => {
    const names = namesOf(member);
    return (only.length === 0 || only.some((value) => names.has(value))) && !except.some((value) => names.has(value));
  };
  const kept = new Set(all.filter(isKept).map(({ name }) => name));
  if (all.length > 0 && kept.size === 0) throw new SelectionError("the filter leaves no ship and no bay", []);
  const dropped: DroppedDependency[] = [];
  const reduce = <T extends Ship | Bay>(member: T): T => {
    const missing = new Set(member.dependsOn.map(({ on }) => on).filter((name) => !kept.has(name)));
    if (missing.size === 0) return member;
    for (const dependency of missing) {
      const message = `${member.kind} "${member.name}" depends on "${dependency}", which the filter leaves out: it starts without waiting`;
      dropped.push({ name: member.name, dependency, message });
    }
    return { ...member, dependsOn: member.dependsOn.filter(({ on }) => kept.has(on)) };
  };
  return {
    manifest: {
      ...manifest,
      ships: manifest.ships.filter(({ name }) => kept.has(name)).map(reduce),
      bays: manifest.bays.filter(({ name }) => kept.has(name)).map(reduce),
    },
    dropped,
  };
}

function namesOf(member: Ship | Bay): ReadonlySet<string> {
  return new Set([...member.tags, member.kind === "ship" ? member.group : member.type, member.name]);
}

function checkValues(members: readonly (Ship | Bay)[], values: readonly string[], option: string): void {
  const known = new Set(members.flatMap((member) => [...namesOf(member)]));
  const unmatched = values.filter((value) => !known.has(value));
  const [first] = unmatched;
  if (first === undefined) return;
  const hint = suggestion(first, [...known], "the manifest has no ship and no bay");
  throw new SelectionError(`${option}: ${unmatched.map(shown).join(", ")} matches no tag, group or name; ${hint}`, unmatched);
}
