import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A control group (cgroup v2, Linux) for each process: what is started in it stays in it, whatever it does to its environment and session.
 *
 * Used where this process may make groups below its own; everywhere else there is none, and families are found by their other marks.
 */
export interface Cgroup {
  /** Moves a process that has just been started into it, and with it all that it starts from then on. */
  add(pid: number): Promise<void>;
  pids(): readonly number[];
  /** SIGKILL to all in it, at once (Linux 5.14). */
  kill(): void;
  /** Removes it when it is empty. */
  remove(): void;
}

/** Where groups can be made. */
export interface CgroupParent {
  group(fleetId: string, name: string): Cgroup;
  /** All that an earlier supervisor of this fleet made and left. */
  leftOf(fleetId: string): readonly Cgroup[];
}

/** Looks where this process may make groups; undefined when nowhere. */
export function findCgroupParent(): CgroupParent | undefined {
  const folder = process.platform === "linux" ? ownFolder() : undefined;
  if (folder === undefined || !isWritable(folder)) return undefined;
  return {
    group: (fleetId, name) => {
      const path = join(folder, `${prefixOf(fleetId)}${encodeURIComponent(name)}`);
      quietly(() => mkdirSync(path));
      return cgroupAt(path);
    },
    leftOf: (fleetId) =>
      readdirSync(folder)
        .filter((entry) => entry.startsWith(prefixOf(fleetId)))
        .map((entry) => cgroupAt(join(folder, entry))),
  };
}

function cgroupAt(path: string): Cgroup {
  return {
    // The system takes some 20 ms for the move, in which it holds whoever asks for it: not the event loop, then.
    add: (pid) => writeFile(join(path, "cgroup.procs"), String(pid)).catch(() => undefined),
    pids: () => quietly(() => readFileSync(join(path, "cgroup.procs"), "latin1").split("\n").filter(Boolean).map(Number)) ?? [],
    kill: () => quietly(() => writeFileSync(join(path, "cgroup.kill"), "1")),
    remove: () => quietly(() => rmdirSync(path)),
  };
}

function prefixOf(fleetId: string): string {
  // A dot is not encoded, so it is done by hand: one fleet must not look like the beginning of another.
  return `mothership.${encodeURIComponent(fleetId).replaceAll(".", "%2E")}.`;
}

/** The folder of this process's own group in the v2 tree, if it is mounted where we can see it. */
function ownFolder(): string | undefined {
  return quietly(() => {
    const own = /^0::(\/.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
    // Fields of a mount: id, parent, device, root, mount point, options, ..., "-", type (proc(5)).
    const mount = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .findLast((fields) => fields[fields.indexOf("-") + 1] === "cgroup2");
    const [root, point] = [mount?.[3], mount?.[4]];
    if (own === undefined || root === undefined || point === undefined || !`${own}/`.startsWith(root === "/" ? "/" : `${root}/`))
      return undefined;
    return join(point, own.slice(root === "/" ? 0 : root.length));
  });
}

function isWritable(folder: string): boolean {
  const trial = join(folder, `mothership-trial-${process.pid}`);
  const made = quietly(() => {
    mkdirSync(trial);
    rmdirSync(trial);
    return true;
  });
  return made === true;
}

/** Every use of a control group is one more net below the others: where the system refuses, the others hold. */
function quietly<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined; // see above
  }
}
