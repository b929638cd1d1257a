import type { Bay, Manifest, PrelaunchJob, Ship } from "@mothership/manifest";
import type { Note } from "../note.ts";

/** What an exporter gets. */
export interface ExportInput {
  readonly manifest: Manifest;
  /** The manifest as it stands in its file. */
  readonly text: string;
  /** Absolute path of the manifest. */
  readonly path: string;
  /** What the fleet is called there; from `plainName`. */
  readonly name: string;
  /** The container image. */
  readonly image: string;
  /** The program that runs here and its first arguments: what starts `mothership` on this machine. */
  readonly program: readonly [string, ...string[]];
  /** Env files of a unit, as written in the manifest, by its name. Their values are secrets and go into no file. */
  readonly envFiles: ReadonlyMap<string, readonly string[]>;
  /** Variables of the environment that the manifest names. */
  readonly variables: readonly string[];
}

/** Files to write, and what they do not say. */
export interface Exported {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly notes: readonly Note[];
}

/** A unit that can run by itself: a bay cannot. */
export type Lone = Ship | PrelaunchJob;

/** Lower case letters, digits and "-", as names of DNS are; at most `longest`. Undefined where nothing of it can stay. */
export function plainName(text: string, longest = 40): string | undefined {
  const name = text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, "-")
    .replaceAll(/^[^a-z]+/g, "")
    .slice(0, longest)
    .replace(/-+$/, "");
  return name === "" ? undefined : name;
}

/** A plain name for each unit, no two alike. */
export function plainNames(units: readonly { readonly name: string }[], prefix = ""): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const { name } of units) {
    const wanted = plainName(`${prefix}${name}`, 50) ?? "unit";
    let own = wanted;
    for (let count = 2; taken.has(own); count += 1) own = `${wanted}-${count}`;
    taken.add(own);
    names.set(name, own);
  }
  return names;
}

/**
 * What tells, inside a container, whether the fleet may get requests: that all that has routes is ready; of a fleet without routes, that all is.
 * A worker that fails is no reason to keep requests away.
 */
export function readinessCommand({ manifest }: ExportInput, file: string): readonly string[] {
  const served = [...manifest.ships, ...manifest.bays].filter(({ routes, disabled }) => routes.length > 0 && !disabled);
  return ["mothership", "wait", ...served.map(({ name }) => name), "-c", file, "--timeout", "5s"];
}

/** Whole seconds, rounded up. */
export function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** What mothership does around ships, and nothing else there does: said for a fleet whose ships are to run by themselves. */
export function lostAroundShips({ manifest, path }: ExportInput, where: string): Note[] {
  const { mothership, bays, modules, ships, shields } = manifest;
  const file = path.slice(path.lastIndexOf("/") + 1);
  const proxy = `${where} has no reverse proxy of its own; run the fleet in one piece, without --per-ship, or put a proxy in front`;
  const lost: (readonly [boolean, string, string?])[] = [
    [mothership.binds.length > 0, "binds are left out", proxy],
    [ships.some(({ routes }) => routes.length > 0), "routes are left out", proxy],
    [mothership.staticDirs.length > 0, "static folders are left out", proxy],
    [mothership.compression || mothership.corsCache.enabled, "compression and the cache of preflights are left out", proxy],
    [mothership.rateLimiting.globalRps !== undefined || mothership.rateLimiting.perIpRpm !== undefined, "rate limits are left out", proxy],
    [modules.length > 0, "payload modules are left out: what they guard is open", proxy],
    [shields.rules.length > 0, "rules of shields are left out: what they refuse gets through", proxy],
    [mothership.accessLog !== undefined, "the access log is left out", proxy],
    [mothership.metricsPort !== undefined, "the metrics page is left out"],
    [mothership.uplinks.length > 0, "uplinks are left out: nothing is looked at before the start"],
    [mothership.flagship.enabled, "the flagship is left out: each server runs the prelaunch jobs"],
    [
      ships.some(({ critical }) => critical),
      `critical is left out: the end of one ship does not end the others, but ${where} starts it again`,
    ],
  ];
  return [
    ...lost.flatMap(([is, what, advice]) => (is ? [{ file, what, advice }] : [])),
    ...bays.map(({ name }: Bay) => ({
      file,
      what: `bay "${name}" is left out`,
      advice: "bays need mothership, which holds their clients",
    })),
  ];
}

/** What of one ship or job cannot be said there. */
export function lostOfUnit(unit: Lone, file: string, kept: ReadonlySet<"fatal" | "log" | "stopCommand" | "liveness" | "memory">): Note[] {
  const says = (what: string, advice?: string): Note => ({ file, what: `"${unit.name}": ${what}`, advice });
  const notes: Note[] = [];
  if (unit.restart.fatalExitCodes.length > 0 && !kept.has("fatal")) notes.push(says("fatal_exit_codes is left out"));
  if (unit.log.file !== undefined && !kept.has("log"))
    notes.push(says("the log file is left out", "what it prints is kept by what runs it there"));
  if (unit.stop.command !== undefined && !kept.has("stopCommand")) notes.push(says("stop_command is left out", "the signal is sent"));
  if (unit.tty) notes.push(says("tty is left out"));
  if (unit.stop.keepDetached) notes.push(says("keep_detached is left out"));
  if (unit.dependsOn.some(({ condition }) => condition === "log"))
    notes.push(says("waiting for a line of output is left out", "it waits for the start instead"));
  if (unit.dependsOn.some(({ onLost }) => onLost !== "ignore")) notes.push(says("on_lost is left out"));
  if (unit.kind === "ship") {
    if (unit.liveness !== undefined && !kept.has("liveness")) notes.push(says("the liveness check is left out"));
    if (unit.memoryLimitBytes !== undefined && !kept.has("memory")) notes.push(says("memory_limit is left out"));
    if (unit.startup?.probe.kind === "log" || unit.startup?.probe.kind === "notify")
      notes.push(says("the startup check is left out", "give it a check that looks from outside"));
  }
  return notes;
}
