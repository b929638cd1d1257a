import { isDeepStrictEqual } from "node:util";
import type { Bay, Manifest, MothershipSettings, Ship } from "./types.ts";

/** What differs between two manifests; lists are in the order of the later one (`removed`: of the earlier one). */
export interface ManifestDiff {
  /** Nothing differs that anything running would notice. */
  readonly same: boolean;
  /** Names of ships and bays. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Those in both that differ in any way. */
  readonly changed: readonly string[];
  /** Those of `changed` whose process must be started anew: its command, environment, address, kind or configuration differs. */
  readonly needsRestart: readonly string[];
  /** Routes, their order, or where they lead differ: the routing is to be built anew. */
  readonly routing: boolean;
  /** The modules or their order differ. */
  readonly modules: boolean;
  /** The rules of shields differ. */
  readonly shields: boolean;
  /** Which parts of `[mothership]` differ. */
  readonly settings: readonly (keyof MothershipSettings)[];
}

type Member = Ship | Bay;

/** Compares two manifests by what they mean: where things stand in the file counts only as far as it orders routes. */
export function diffManifests(before: Manifest, after: Manifest): ManifestDiff {
  const old = membersOf(before);
  const now = membersOf(after);
  const added = [...now.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !now.has(name));
  // Processes run in the folder of the manifest.
  const moved = before.folder !== after.folder;
  const changed: string[] = [];
  const needsRestart: string[] = [];
  for (const [name, member] of now) {
    const earlier = old.get(name);
    if (!earlier || (!moved && isDeepStrictEqual(withoutOrder(earlier), withoutOrder(member)))) continue;
    changed.push(name);
    if (moved || !isDeepStrictEqual(processOf(earlier), processOf(member))) needsRestart.push(name);
  }
  const routing = !isDeepStrictEqual(routesOf(old), routesOf(now));
  const modules = !isDeepStrictEqual(before.modules, after.modules);
  const shields = !isDeepStrictEqual(before.shields, after.shields);
  const settings = settingNames(before, after).filter((key) => !isDeepStrictEqual(before.mothership[key], after.mothership[key]));
  const same = added.length + removed.length + changed.length + settings.length === 0 && !routing && !modules && !shields;
  return { same, added, removed, changed, needsRestart, routing, modules, shields, settings };
}

/** By name, in file order. */
function membersOf({ ships, bays }: Manifest): ReadonlyMap<string, Member> {
  return new Map([...ships, ...bays].sort((a, b) => a.order - b.order).map((member) => [member.name, member] as const));
}

function withoutOrder(member: Member): object {
  const { order: _, ...rest } = member;
  return rest;
}

/** What the process itself would notice. */
function processOf(member: Member): object {
  const { kind, command, args, env, cwd, runAs, stdin, tty } = member;
  const process = { kind, command, args, env, cwd, runAs, stdin, tty };
  if (member.kind === "bay") return { ...process, ...clientsOf(member), type: member.type, config: member.config };
  const { bind, oneshot, startup, readiness, routes } = member;
  // Whether there are checks, and whether one listens on a channel, is decided when the process is started.
  const isLookedAt = readiness !== undefined || (bind !== undefined && routes.length > 0);
  const checks = oneshot ? [] : [isLookedAt || startup !== undefined, isLookedAt, startup?.probe.kind === "notify"];
  return { ...process, bind, oneshot, checks };
}

/** What a bay's link agrees with its clients. */
function clientsOf({ protocols, cargo, reboard, maxClients, origins }: Bay): object {
  return { protocols, cargo, reboard, maxClients, origins };
}

function routesOf(members: ReadonlyMap<string, Member>): readonly object[] {
  return [...members.values()]
    .filter(({ routes }) => routes.length > 0)
    .map((member) => ({
      name: member.name,
      kind: member.kind,
      routes: member.routes,
      ...(member.kind === "ship" ? { bind: member.bind, upstream: member.upstream } : clientsOf(member)),
    }));
}

function settingNames(before: Manifest, after: Manifest): readonly (keyof MothershipSettings)[] {
  // Object.keys forgets which keys there are; these objects have those of the interface and no others.
  return [...new Set([...Object.keys(before.mothership), ...Object.keys(after.mothership)])] as (keyof MothershipSettings)[];
}
