/** The supervisors that are measured: each is given the same programs, its own defaults otherwise. */
import { execFileSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installed } from "../lib/machine.ts";
import { npmPeers } from "../lib/peers.ts";
import { descendants, statOf, until } from "../lib/proc.ts";
import { startMothership } from "../lib/programs.ts";
import { type Scratch, stop } from "../lib/scratch.ts";

export interface Program {
  readonly name: string;
  /** One line of `sh` that ends in `exec`. */
  readonly shell: string;
  /** File that gets what it prints; without one nothing is kept beyond what the supervisor keeps by itself. */
  readonly log?: string;
}

export interface Running {
  readonly name: SupervisorName;
  /** The process that all others descend from. */
  readonly root: number;
  /** Asks everything to end; resolves when the supervisor itself has. */
  stop(): Promise<void>;
}

export type SupervisorName = "mothership" | "runit" | "s6" | "supervisord" | "pm2";

/** What restarts wait for by default, as each documentation says. */
export const restartDelays: Readonly<Record<SupervisorName, string>> = {
  mothership: "none after 30 s up; else 0.5 s, doubling",
  runit: "1 s, if it ran for less",
  s6: "1 s before each restart",
  supervisord: "none after 1 s up; its loop turns once a second",
  pm2: "none",
};

/** What of mothership is asked while its programs run. */
export interface Asked {
  /** The health page. */
  readonly metricsPort: number;
  /** A small ship behind the edge. */
  readonly edgePort: number;
  readonly shipPort: number;
  /** Gets what `loop-delay.cjs` measures. */
  readonly loopFile: string;
}

type Start = (programs: readonly Program[], scratch: Scratch, asked?: Asked) => Promise<Running>;

const quiet = ["ignore", "ignore", "ignore"] as const;

async function mothership(programs: readonly Program[], scratch: Scratch, asked?: Asked): Promise<Running> {
  const units = programs.map(
    ({ name, shell }) => `[[fleet.work]]\nname = "${name}"\ncommand = "sh"\nargs = ["-c", ${JSON.stringify(shell)}]\n`,
  );
  const text = `${asked === undefined ? "" : answering(asked)}${units.join("")}`;
  // All lines of all ships go to its standard output.
  const log = programs.find((one) => one.log !== undefined)?.log;
  const output = log === undefined ? "ignore" : openSync(log, "w");
  const env =
    asked === undefined
      ? {}
      : { MS_BENCH_LOOP: asked.loopFile, NODE_OPTIONS: `--require ${JSON.stringify(join(import.meta.dirname, "loop-delay.cjs"))}` };
  const child = startMothership(scratch, "mothership", text, undefined, { stdio: ["ignore", output, "inherit"], env });
  return { name: "mothership", root: child.pid!, stop: () => stop(child) };
}

/** The part of a manifest that answers. */
function answering({ metricsPort, edgePort, shipPort }: Asked): string {
  const program = `require("http").createServer((_, res) => res.end("hello")).listen(${shipPort}, "127.0.0.1")`;
  return `[mothership]
metrics_port = ${metricsPort}
[mothership.bind]
http = "127.0.0.1:${edgePort}"
[[fleet.web]]
name = "web"
command = ${JSON.stringify(process.execPath)}
args = ["-e", ${JSON.stringify(program)}]
bind = "tcp://127.0.0.1:${shipPort}"
routes = ["http:/.*"]
`;
}

function serviceFolders(folder: string, programs: readonly Program[], logger: (file: string) => string, scratch: Scratch): void {
  for (const { name, shell, log } of programs) {
    scratch.write(join(folder, name, "run"), `#!/bin/sh\n${shell}\n`, 0o755);
    if (log !== undefined) scratch.write(join(folder, name, "log/run"), logger(log), 0o755);
  }
}

async function runit(programs: readonly Program[], scratch: Scratch): Promise<Running> {
  const logger = (file: string): string =>
    `#!/bin/sh\nmkdir -p ${file}.d\necho s0 > ${file}.d/config\nln -s ${file}.d/current ${file}\nexec svlogd ${file}.d\n`;
  serviceFolders("runit", programs, logger, scratch);
  const child = scratch.start(undefined, "runsvdir", [scratch.path("runit")], { stdio: [...quiet] });
  return { name: "runit", root: child.pid!, stop: () => stop(child, "SIGHUP") };
}

async function s6(programs: readonly Program[], scratch: Scratch): Promise<Running> {
  const logger = (file: string): string => `#!/bin/sh\nln -s ${file}.d/current ${file}\nexec s6-log n20 s268435455 ${file}.d\n`;
  serviceFolders("s6", programs, logger, scratch);
  const child = scratch.start(undefined, "s6-svscan", [scratch.path("s6")], { stdio: [...quiet] });
  return { name: "s6", root: child.pid!, stop: () => stop(child) };
}

async function supervisord(programs: readonly Program[], scratch: Scratch): Promise<Running> {
  const sections = programs.map(({ name, shell, log }) => {
    const script = scratch.write(`supervisord/${name}.sh`, `#!/bin/sh\n${shell}\n`, 0o755);
    return `[program:${name}]\ncommand=${script}\n${log === undefined ? "" : `stdout_logfile=${log}\nstdout_logfile_maxbytes=0\n`}`;
  });
  const folder = scratch.path("supervisord");
  const head = `[supervisord]\nnodaemon=true\nlogfile=${folder}/supervisord.log\npidfile=${folder}/supervisord.pid\nchildlogdir=${folder}\n`;
  const file = scratch.write("supervisord/supervisord.conf", head + sections.join(""));
  const child = scratch.start(undefined, "supervisord", ["-n", "-c", file], { stdio: [...quiet] });
  return { name: "supervisord", root: child.pid!, stop: () => stop(child) };
}

async function pm2(programs: readonly Program[], scratch: Scratch): Promise<Running> {
  const bin = join(npmPeers("pm2"), "node_modules/pm2/bin/pm2");
  const home = scratch.path("pm2");
  const env = { ...process.env, PM2_HOME: home, PM2_DISCRETE_MODE: "true" };
  const call = (...words: string[]): void => void execFileSync(process.execPath, [bin, ...words], { env, stdio: "ignore" });
  const apps = programs.map(({ name, shell, log }) => ({
    name,
    script: scratch.write(`pm2-apps/${name}.sh`, `#!/bin/sh\n${shell}\n`, 0o755),
    interpreter: "none",
    ...(log !== undefined && { out_file: log, merge_logs: true }),
  }));
  call("start", scratch.write("pm2-apps/apps.json", JSON.stringify({ apps })));
  const root = Number(readFileSync(join(home, "pm2.pid"), "utf8"));
  const end = async (): Promise<void> => {
    if (statOf(root) !== undefined) call("kill");
    await until("pm2 to end", () => (statOf(root) === undefined ? true : undefined));
  };
  return { name: "pm2", root, stop: end };
}

const all: Readonly<Record<SupervisorName, { readonly start: Start; readonly needs: string }>> = {
  mothership: { start: mothership, needs: "node" },
  runit: { start: runit, needs: "runsvdir" },
  s6: { start: s6, needs: "s6-svscan" },
  supervisord: { start: supervisord, needs: "supervisord" },
  pm2: { start: pm2, needs: "npm" },
};

/** Those that can be run here. */
export function available(): SupervisorName[] {
  return (Object.keys(all) as SupervisorName[]).filter((name) => installed(all[name].needs));
}

/** Starts a supervisor and resolves when all programs run. */
export async function start(name: SupervisorName, programs: readonly Program[], scratch: Scratch, asked?: Asked): Promise<Running> {
  const running = await all[name].start(programs, scratch, asked);
  const up = (): true | undefined => (sleepers(running.root).length >= programs.length ? true : undefined);
  try {
    if (programs.every(({ log }) => log === undefined)) await until(`${programs.length} programs under ${name}`, up, 120_000);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

/** The programs themselves. */
export function sleepers(root: number): { readonly pid: number; readonly parent: number }[] {
  return descendants(root).filter(({ name }) => name === "sleep");
}

/** The supervisor and its helpers: all but the programs. */
export function overhead(root: number): { readonly pid: number; readonly cpuMicros: number }[] {
  return descendants(root).filter(({ name }) => name !== "sleep" && name !== "sh" && name !== "cat");
}
