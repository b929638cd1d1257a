import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { controlFolder, ensurePrivateFolder } from "@mothership/control";
import { messageOf } from "@mothership/kernel";
import type { Invocation } from "../command-line/args.ts";
import { readManifest } from "../files/manifest-file.ts";
import { manifestPath } from "../files/manifest-path.ts";
import type { MachineFacts, ManifestFacts, NoManifest } from "./findings.ts";

/** Looks at this machine, and starts nothing but one `setpriv`. What cannot be looked at is left out. */
export async function lookAround(invocation: Invocation): Promise<MachineFacts> {
  const limits = attempt(() => readFileSync("/proc/self/limits", "utf8"));
  return {
    node: process.versions.node,
    platform: process.platform,
    init: attempt(() => readFileSync("/proc/1/comm", "utf8").trim()),
    container: existsSync("/.dockerenv") || existsSync("/run/.containerenv") || process.env["KUBERNETES_SERVICE_HOST"] !== undefined,
    programs: new Set(["tini", "catatonit", "dumb-init"].filter(isOnPath)),
    zombies: attempt(zombies),
    openFiles: limitIn(limits, "Max open files"),
    processes: limitIn(limits, "Max processes"),
    cgroup: attempt(canMakeGroups),
    deathSignal: canSetDeathSignal(),
    terminals: attempt(() => resolveFromSupervisor("@lydell/node-pty")) !== undefined,
    sockets: socketFolder(),
    manifest: await manifestFacts(invocation),
  };
}

async function manifestFacts(invocation: Invocation): Promise<ManifestFacts | NoManifest> {
  const file = manifestPath(invocation);
  if (!existsSync(file)) return { file, trouble: "missing" };
  try {
    const { manifest } = await readManifest(invocation);
    const members = [...manifest.ships, ...manifest.bays];
    return {
      file,
      members: members.length,
      // A request has a connection on either side, and a ship no more than it may have.
      connections:
        manifest.mothership.binds.reduce((sum, { maxConnections }) => sum + maxConnections, 0) +
        manifest.ships.reduce((sum, { routes, upstream }) => sum + (routes.length > 0 ? upstream.maxConnections : 0), 0),
      wantsTerminal: [...manifest.mothership.prelaunch, ...members].some(({ tty }) => tty),
    };
  } catch {
    return { file, trouble: "invalid" };
  }
}

function socketFolder(): MachineFacts["sockets"] {
  const folder = controlFolder(process.env);
  try {
    ensurePrivateFolder(folder);
    return { folder, problem: undefined };
  } catch (error) {
    // What to do about it is said beside it.
    return { folder, problem: messageOf(error).split("; ")[0] };
  }
}

/** The soft limit; the hard one is what Node raises it to for open files. */
function limitIn(limits: string | undefined, name: string): number | undefined {
  const [, soft, hard] = new RegExp(`^${name} +(\\S+) +(\\S+)`, "m").exec(limits ?? "") ?? [];
  const limit = name === "Max open files" ? hard : soft;
  if (limit === undefined) return undefined;
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

/** Processes in state Z, counted by their parents' names. */
function zombies(): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    // One may end while it is looked at.
    const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
    // The name, in brackets, may have anything in it; behind it come the state and the parent.
    const [, parent] = /^.*\) Z (\d+) /s.exec(stat ?? "") ?? [];
    if (parent === undefined) continue;
    const name = attempt(() => readFileSync(`/proc/${parent}/comm`, "utf8").trim()) ?? `process ${parent}`;
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return found;
}

function canMakeGroups(): boolean {
  const own = /^0::(\/.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  if (own === undefined || !existsSync("/sys/fs/cgroup/cgroup.procs")) return false;
  accessSync(join("/sys/fs/cgroup", own), constants.W_OK);
  return true;
}

function canSetDeathSignal(): boolean {
  return spawnSync("setpriv", ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", ":"], { stdio: "ignore", timeout: 5000 }).status === 0;
}

function resolveFromSupervisor(name: string): string {
  const supervisor = fileURLToPath(import.meta.resolve("@mothership/supervisor"));
  return createRequire(supervisor).resolve(name);
}

function isOnPath(name: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const runs = (path: string): boolean => {
    accessSync(path, constants.X_OK);
    return true;
  };
  return folders.some((folder) => attempt(() => runs(join(folder, name))) === true);
}

/** undefined where this system has no such thing, or this user may not look. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
