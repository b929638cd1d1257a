import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, isAlive } from "@mothership/testkit";
import { expect } from "vitest";
import type { SupervisorOptions } from "../src/contract.ts";
import { cookiePrefix } from "../src/cookie.ts";
import { familiesOf } from "../src/family.ts";
import type { LogLine, ProcessSnapshot, ProcessSpec, ProcessState, Supervisor, SupervisorDeps, SupervisorEvents } from "../src/index.ts";
import { openSupervisor } from "../src/index.ts";
import { openProcessTable } from "../src/process-table.ts";

export const deps = { clock: systemClock, log: silentLogger };

/** Enough to find commands, and nothing of what the test runner has. */
export const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };

/** A process that runs a shell script. */
export function shell(name: string, script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, command: "/bin/sh", args: ["-c", script], env, ...more };
}

/** A process that runs a program in this Node. */
export function node(name: string, program: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, command: process.execPath, args: ["-e", program], env, ...more };
}

export interface Fleet extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly fleetId: string;
  readonly lines: readonly LogLine[];
  /** "name from>to" of every change. */
  readonly changes: readonly string[];
  /** Resolves when a process is in this state, at once if it is. */
  until(name: string, state: ProcessState): Promise<ProcessSnapshot>;
  /** Resolves with the first event of this kind that fits. */
  event<K extends keyof SupervisorEvents>(type: K, fits?: (event: SupervisorEvents[K]) => boolean): Promise<SupervisorEvents[K]>;
  /** Resolves with a line that was printed, now or before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A supervisor for one test. At the end nothing that it started may be left, found by its mark and not by what the supervisor says. */
export function openFleet(specs: readonly ProcessSpec[], options: SupervisorOptions = {}, more: Partial<SupervisorDeps> = {}): Fleet {
  const fleetId = options.fleetId ?? randomBytes(6).toString("hex");
  const supervisor = openSupervisor(specs, { ...deps, ...more }, { memoryIntervalMs: 0, ...options, fleetId });
  const lines: LogLine[] = [];
  const changes: string[] = [];
  supervisor.events.on("logLine", (line) => lines.push(line));
  supervisor.events.on("stateChanged", ({ name, from, to }) => changes.push(`${name} ${from}>${to}`));
  const event: Fleet["event"] = (type, fits = () => true) =>
    new Promise((resolve) => {
      const subscription = supervisor.events.on(type, (one) => {
        if (!fits(one)) return;
        subscription[Symbol.dispose]();
        resolve(one);
      });
    });
  return {
    supervisor,
    fleetId,
    lines,
    changes,
    event,
    until: async (name, state) => {
      if (supervisor.get(name).state !== state) await event("stateChanged", (change) => change.name === name && change.to === state);
      return supervisor.get(name);
    },
    line: (pattern) =>
      eventually(`a line that matches ${pattern}`, () => lines.map(({ text }) => pattern.exec(text)).find((match) => match)),
    [Symbol.asyncDispose]: async () => {
      await supervisor.close();
      expect(await markedPids(fleetId), "left after close").toEqual([]);
    },
  };
}

/** Everything alive that carries the mark of a fleet. */
export async function markedPids(fleetId: string): Promise<readonly number[]> {
  const family = { leader: 0, cookiePrefix: cookiePrefix(fleetId) };
  const found = familiesOf(await openProcessTable(0).read(), [family]).get(family) ?? [];
  return found.map(({ pid }) => pid);
}

/** All that comes out, as a list. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of source) list.push(one);
  return list;
}

/** Resolves when none of these is alive. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await eventually(`the end of ${pids.join(", ")}`, () => !pids.some(isAlive));
}

export { eventually, isAlive, once };
