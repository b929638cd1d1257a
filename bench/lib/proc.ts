import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

interface Stat {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly group: number;
  readonly cpuMicros: number;
}

/** undefined when the process is gone, or a zombie. */
export function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const end = text.lastIndexOf(")");
    const fields = text.slice(end + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const cpuMicros = ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
    return { pid, name: text.slice(text.indexOf("(") + 1, end), parent: Number(fields[1]), group: Number(fields[2]), cpuMicros };
  } catch {
    return undefined;
  }
}

/** Everything that runs now and descends from `root`, and `root` itself. */
export function descendants(root: number): Stat[] {
  const all = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => statOf(Number(entry)) ?? []);
  const members = all.filter(({ pid }) => pid === root);
  for (let index = 0; index < members.length; index++) members.push(...all.filter(({ parent }) => parent === members[index]?.pid));
  return members;
}

/** A program and its helpers: descendants in its own process group. Ships have groups of their own and do not count. */
export function family(root: number): Stat[] {
  const all = descendants(root);
  return all.filter(({ group }) => group === all[0]?.group);
}

/** User and system time of the family so far, in microseconds. */
export function cpuMicros(root: number): number {
  return family(root).reduce((sum, one) => sum + one.cpuMicros, 0);
}

/** Memory of some processes in MB: resident, and proportional (what is shared counts once). */
export function memoryOf(pids: readonly number[]): { readonly rssMb: number; readonly pssMb: number } {
  let rss = 0;
  let pss = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    rss += Number(/^Rss:\s*(\d+)/m.exec(text)?.[1] ?? 0);
    pss += Number(/^Pss:\s*(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return { rssMb: rss / 1024, pssMb: pss / 1024 };
}

/** Blocks for a time too short for a timer. */
export function nap(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is something. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  limitMs = 15_000,
  everyMs = 25,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
    await pause(everyMs);
  }
}
