import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { scheduler } from "node:timers/promises";
import { cookieIn } from "./cookie.ts";

/** One process of the machine. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** 0 where the platform does not tell. */
  readonly session: number;
  /** Clock ticks from the start of the machine to its own; with the pid, who it is. 0 where the platform does not tell. */
  readonly startTicks: number;
  readonly rssBytes: number;
  readonly virtualBytes: number;
  /** Of its environment as it was started with; "" when there is none or it may not be read. */
  readonly cookie: string;
}

/** The processes of the machine, zombies left out. */
export interface ProcessTable {
  /** A look that begins after this call. Callers that ask at the same time share one. */
  read(): Promise<readonly ProcessInfo[]>;
}

/**
 * The table of this machine: `/proc` on Linux, `ps` elsewhere. Where `ps` is used there are no cookies: a child that left the group
 * and whose parent has ended is not found.
 *
 * @param cookiesSince only processes started at this tick or later are asked for their cookie; the rest cannot be descendants.
 */
export function openProcessTable(cookiesSince: number, platform: NodeJS.Platform = process.platform): ProcessTable {
  return shared(platform === "linux" ? () => scanProc(cookiesSince) : scanWithPs);
}

/** The tick at which a process was started; 0 when it is not there or the platform does not tell. */
export function startTicksOf(pid: number): number {
  return readStat(pid)?.startTicks ?? 0;
}

function shared(scan: () => Promise<readonly ProcessInfo[]>): ProcessTable {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<readonly ProcessInfo[]> | undefined;
  return {
    read: () => {
      // A look that is under way may have passed the place where a new process stands, so it is no answer.
      next ??= current.then(() => {
        const running = scan();
        current = running.catch(() => undefined); // those who asked are told
        next = undefined;
        return running;
      });
      return next;
    },
  };
}

const sliceSize = 128;

async function scanProc(cookiesSince: number): Promise<readonly ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  let count = 0;
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (!stat) continue;
    found.push(stat.startTicks >= cookiesSince ? { ...stat, cookie: readCookie(pid) } : stat);
    // Reading /proc does not wait for a disk, but thousands of processes must not hold the event loop.
    if (++count % sliceSize === 0) await scheduler.yield();
  }
  return found;
}

function readStat(pid: number): ProcessInfo | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // it has ended meanwhile
  }
  // The command may hold spaces and parentheses; the fields begin after its last one (proc(5)).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    group: field(5),
    session: field(6),
    startTicks: field(22),
    virtualBytes: field(23),
    rssBytes: field(24) * pageBytes(),
    cookie: "",
  };
}

function readCookie(pid: number): string {
  try {
    return cookieIn(readFileSync(`/proc/${pid}/environ`));
  } catch {
    return ""; // ended meanwhile, or another user's: not one that we could have started or could end
  }
}

let knownPageBytes: number | undefined;

/** The size of a memory page, from two statements of the system about the same memory. */
function pageBytes(): number {
  if (knownPageBytes === undefined) {
    const pages = Number(readFileSync("/proc/self/statm", "latin1").split(" ")[0]);
    const kilobytes = Number(/^VmSize:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
    // They are not of the same moment; a page is a power of two.
    knownPageBytes = 2 ** Math.round(Math.log2((kilobytes * 1024) / pages));
  }
  return knownPageBytes;
}

function scanWithPs(): Promise<readonly ProcessInfo[]> {
  return new Promise((resolve, reject) => {
    const args = ["-A", "-o", "pid=,ppid=,pgid=,rss=,vsz=,stat="];
    execFile("ps", args, { maxBuffer: 2 ** 26, timeout: 10_000 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(parsePs(stdout));
    });
  });
}

/** Reads what `ps -A -o pid=,ppid=,pgid=,rss=,vsz=,stat=` prints (sizes in KiB, as POSIX has it). */
export function parsePs(text: string): readonly ProcessInfo[] {
  return text.split("\n").flatMap((line) => {
    const [pid, parent, group, rss, virtual, state] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith("Z")) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        session: 0,
        startTicks: 0,
        rssBytes: Number(rss) * 1024,
        virtualBytes: Number(virtual) * 1024,
        cookie: "",
      },
    ];
  });
}
