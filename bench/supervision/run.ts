/**
 * mothership beside runit, s6, supervisord and pm2: crash to new process, stop of 100, memory with 50 idle processes, capture of 200 MB of lines.
 *
 *   node bench/supervision/run.ts [--rounds 3] [--kills 20] [--only restart,stop,idle,logs]
 *
 * Peers that are not installed are left out (`apt-get install -y --no-install-recommends runit s6 supervisor`); pm2 comes from npm into a
 * temporary folder. All run by hand, in temporary folders, with their own defaults. Needs Linux and the built packages.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { parseArgs, promisify } from "node:util";
import { describeMachine } from "../lib/machine.ts";
import { npmPeers, peerVersions } from "../lib/peers.ts";
import { memoryOf, nap, pause, statOf, until } from "../lib/proc.ts";
import { median, ranged, save, spread, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import { checkLines, endsWith, writeLines } from "./lines.ts";
import {
  type Asked,
  available,
  overhead,
  type Program,
  type Running,
  restartDelays,
  type SupervisorName,
  sleepers,
  start,
} from "./programs.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    kills: { type: "string", default: "20" },
    lines: { type: "string", default: "2000000" },
    only: { type: "string", default: "restart,stop,idle,logs" },
    peers: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const kills = Number(values.kills);
const lineCount = Number(values.lines);
const names = (values.peers?.split(",") as SupervisorName[] | undefined) ?? available();
const run = promisify(execFile);
/** After so long without a failure mothership's back-off starts from nothing; the others need less. */
const stableMs = 32_000;
const failure = "did not come back";

const sleeping = (count: number): Program[] => Array.from({ length: count }, (_, at) => ({ name: `p${at}`, shell: "exec sleep 100000" }));

/** Everything of a supervisor is gone even if it left something behind. */
async function withSupervisor<T>(
  name: SupervisorName,
  programs: readonly Program[],
  scratch: Scratch,
  work: (running: Running) => Promise<T>,
  asked?: Asked,
): Promise<T> {
  const running = await start(name, programs, scratch, asked);
  const pids = (): number[] => [...sleepers(running.root), ...overhead(running.root)].map(({ pid }) => pid);
  let seen = pids();
  try {
    return await work(running);
  } finally {
    seen = [...new Set([...seen, ...pids()])];
    await running.stop();
    await until("all to end", () => (seen.every((pid) => statOf(pid) === undefined) ? true : undefined), 10_000).catch(() => {
      for (const pid of seen) if (statOf(pid)) process.kill(pid, "SIGKILL");
      console.error(`${name} left processes behind`);
    });
  }
}

interface Restarted {
  /** From the kill until the supervisor has a new child. */
  readonly pidMs: number;
  /** Until that child is the program itself: no longer a helper or the shell on the way to it. */
  readonly runsMs: number;
}

/** Looks every fifth of a millisecond. */
function killOne({ pid, parent }: { readonly pid: number; readonly parent: number }): Restarted {
  const children = (): number[] => readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1").trim().split(" ").map(Number);
  const before = new Set(children());
  const begun = performance.now();
  process.kill(pid, "SIGKILL");
  let pidMs: number | undefined;
  while (performance.now() - begun < 10_000) {
    const fresh = children().filter((one) => !before.has(one));
    if (fresh.length > 0) pidMs ??= performance.now() - begun;
    if (pidMs !== undefined && fresh.some((one) => statOf(one)?.name === "sleep")) return { pidMs, runsMs: performance.now() - begun };
    nap(0.2);
  }
  throw new Error(failure);
}

/** As many programs as kills, each killed once after a long quiet time, so that no back-off acts; the supervisors take turns. */
async function restart(): Promise<Record<string, Restarted[]>> {
  const times: Record<string, Restarted[]> = Object.fromEntries(names.map((name) => [name, []]));
  await withScratch(async (scratch) => {
    const running: Running[] = [];
    try {
      for (const name of names) running.push(await start(name, sleeping(kills), scratch));
      await pause(stableMs);
      const victims = running.map(({ root }) => sleepers(root));
      for (let at = 0; at < kills; at++) {
        for (const [side, { name }] of running.entries()) {
          times[name]!.push(killOne(victims[side]![at]!));
          await pause(100);
        }
      }
    } finally {
      for (const one of running) await one.stop();
    }
  });
  return times;
}

interface Stopped {
  readonly startMs: number;
  /** Until the last program is gone. */
  readonly programsMs: number;
  /** Until the supervisor is gone too. */
  readonly allMs: number;
}

async function stopHundred(name: SupervisorName): Promise<Stopped> {
  let result: Stopped | undefined;
  await withScratch(async (scratch) => {
    const begun = performance.now();
    await withSupervisor(name, sleeping(100), scratch, async (running) => {
      const startMs = performance.now() - begun;
      await pause(2_000);
      const pids = sleepers(running.root).map(({ pid }) => pid);
      const asked = performance.now();
      const gone = until("programs to end", () => (pids.every((pid) => statOf(pid) === undefined) ? true : undefined), 30_000, 2).then(
        () => performance.now() - asked,
      );
      await running.stop();
      const allMs = performance.now() - asked;
      const programsMs = await gone;
      result = { startMs, programsMs, allMs: Math.max(allMs, programsMs) };
    });
  });
  return result!;
}

async function idleFifty(name: SupervisorName): Promise<object> {
  let result = {};
  await withScratch(async (scratch) => {
    await withSupervisor(name, sleeping(50), scratch, async ({ root }) => {
      await pause(5_000);
      const cpu = (): number => overhead(root).reduce((sum, one) => sum + one.cpuMicros, 0);
      const before = cpu();
      await pause(10_000);
      const pids = overhead(root).map(({ pid }) => pid);
      result = { processes: pids.length, ...memoryOf(pids), cpuPercent: (cpu() - before) / 100_000 };
    });
  });
  return result;
}

interface Flood {
  readonly seconds: number;
  readonly perSecondMb: number;
  readonly cpuMsPerMb: number;
  readonly lost: number;
  readonly wrong: number;
  readonly rssMb: number;
  /** Answers of mothership meanwhile: of its own health page, and of a small ship through the edge. */
  readonly healthP99Ms?: number;
  readonly edgeP99Ms?: number;
  /** How late the event loop turned meanwhile. */
  readonly loopP99Ms?: number;
  readonly loopMaxMs?: number;
}

async function flood(name: SupervisorName): Promise<Flood> {
  let result: Flood | undefined;
  await withScratch(async (scratch) => {
    const [lines, gate, log] = [scratch.path("lines"), scratch.path("gate"), scratch.path("out.log")];
    writeLines(lines, lineCount);
    await run("mkfifo", [gate]);
    const asked: Asked | undefined =
      name === "mothership"
        ? {
            metricsPort: await scratch.freePort(),
            edgePort: await scratch.freePort(),
            shipPort: await scratch.freePort(),
            loopFile: scratch.path("loop.json"),
          }
        : undefined;
    const program = { name: "flood", shell: `read go < ${gate}; cat ${lines}; exec sleep 100000`, log };
    await withSupervisor(
      name,
      [program],
      scratch,
      async ({ root }) => {
        await pause(3_000);
        const cpu = (): number => overhead(root).reduce((sum, one) => sum + one.cpuMicros, 0);
        const before = cpu();
        const answers = asked && askAll(asked, root);
        const begun = performance.now();
        await run("sh", ["-c", `echo go > ${gate}`]);
        await until("the last line", () => endsWith(log, lineCount) || undefined, 120_000, 10);
        const seconds = (performance.now() - begun) / 1000;
        const mb = (lineCount * 100) / 1e6;
        const cpuMsPerMb = (cpu() - before) / 1000 / mb;
        const answered = await answers?.();
        const { rssMb } = memoryOf(overhead(root).map(({ pid }) => pid));
        result = { seconds, perSecondMb: mb / seconds, cpuMsPerMb, rssMb, ...(await checkLines(log, lineCount)), ...answered };
      },
      asked,
    );
  });
  return result!;
}

type Answered = Required<Pick<Flood, "healthP99Ms" | "edgeP99Ms" | "loopP99Ms" | "loopMaxMs">>;

/** Asks from now on; the result ends that and gives what it saw. */
function askAll({ metricsPort, edgePort, loopFile }: Asked, root: number): () => Promise<Answered> {
  const asking = new AbortController();
  process.kill(root, "SIGUSR2");
  const health = askOften(metricsPort, "/health", asking.signal);
  const edge = askOften(edgePort, "/", asking.signal);
  return async () => {
    asking.abort();
    const [healthP99Ms, edgeP99Ms] = await Promise.all([health, edge]);
    process.kill(root, "SIGUSR2");
    await until("the delays of the event loop", () => existsSync(loopFile) || undefined, 5_000, 10);
    await pause(50);
    const { p99Ms, maxMs } = JSON.parse(readFileSync(loopFile, "utf8"));
    return { healthP99Ms, edgeP99Ms, loopP99Ms: p99Ms, loopMaxMs: maxMs };
  };
}

async function askOften(port: number, path: string, signal: AbortSignal): Promise<number> {
  const times: number[] = [];
  while (!signal.aborted) {
    const begun = performance.now();
    await new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", path }, (answer) => answer.resume().once("end", resolve)).once("error", reject);
    });
    times.push(performance.now() - begun);
    await pause(5);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}

const wanted = values.only.split(",");
const machine = describeMachine(["runsvdir", "s6-svscan", "supervisord"]);
if (names.includes("pm2")) npmPeers("pm2");
console.log(`Node ${process.version}, load ${machine.loadBefore.join(" ")}, measured: ${names.join(", ")}`);
const keep = (part: string, figures: object): void => {
  const described = { ...machine, versions: { ...machine.versions, ...peerVersions(["pm2"]) } };
  save("supervision", part, described, { rounds, kills, lineCount }, figures);
};

/** Rounds in which every supervisor has its turn. */
async function interleaved<T>(measure: (name: SupervisorName) => Promise<T>, count = rounds): Promise<Record<string, T[]>> {
  const results: Record<string, T[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) for (const name of names) results[name]!.push(await measure(name));
  return results;
}

if (wanted.includes("restart")) {
  const times = await restart();
  keep("restart", times);
  console.log(`\n### Crash to new process, ${kills} kills\n`);
  const rows = Object.entries(times).map(([name, list]) => [
    name,
    restartDelays[name as SupervisorName],
    ranged(spread(list.map((one) => one.pidMs))),
    ranged(spread(list.map((one) => one.runsMs))),
  ]);
  console.log(table(["", "delay by default", "ms to a new pid, median (least to most)", "ms until the program runs"], rows));
}
if (wanted.includes("stop")) {
  const stops = await interleaved(stopHundred);
  keep("stop", stops);
  console.log(`\n### 100 sleeps, ${rounds} rounds: ms, median (least to most)\n`);
  const cell = (list: readonly Stopped[], what: keyof Stopped): string => ranged(spread(list.map((one) => one[what])), 0);
  const rows = Object.entries(stops).map(([name, list]) => [name, cell(list, "startMs"), cell(list, "programsMs"), cell(list, "allMs")]);
  console.log(table(["", "started", "stopped: programs gone", "stopped: supervisor gone"], rows));
}
if (wanted.includes("idle")) {
  const idle = await interleaved(idleFifty, 1);
  keep("idle", idle);
  console.log("\n### 50 idle processes: the supervisor's own processes\n");
  const rows = Object.entries(idle).map(([name, [one]]) => {
    const { processes, pssMb, rssMb, cpuPercent } = one as Record<string, number>;
    return [name, String(processes), pssMb!.toFixed(1), rssMb!.toFixed(1), cpuPercent!.toFixed(2)];
  });
  console.log(table(["", "processes", "PSS MB", "RSS MB, summed", "CPU % of a core over 10 s"], rows));
}
if (wanted.includes("logs")) {
  const floods = await interleaved(flood);
  keep("logs", floods);
  console.log(`\n### ${lineCount} lines of 100 bytes from one process to a file, ${rounds} rounds\n`);
  const rows = Object.entries(floods).map(([name, list]) => {
    const of = (what: "perSecondMb" | "cpuMsPerMb"): string => ranged(spread(list.map((one) => one[what])));
    const worst = (what: "lost" | "wrong"): string => String(Math.max(...list.map((one) => one[what])));
    const asked = (what: keyof Answered, of: (values: readonly number[]) => number): string => {
      const values = list.flatMap((one) => one[what] ?? []);
      return values.length > 0 ? of(values).toFixed(1) : "";
    };
    return [
      name,
      of("perSecondMb"),
      of("cpuMsPerMb"),
      worst("lost"),
      worst("wrong"),
      median(list.map((one) => one.rssMb)).toFixed(0),
      asked("loopP99Ms", median),
      asked("loopMaxMs", (values) => Math.max(...values)),
      asked("edgeP99Ms", median),
      asked("healthP99Ms", median),
    ];
  });
  console.log(
    table(
      [
        "",
        "MB/s",
        "CPU ms per MB",
        "lost",
        "cut or doubled",
        "RSS MB after",
        "event loop p99 ms",
        "longest",
        "edge p99 ms",
        "health page p99 ms",
      ],
      rows,
    ),
  );
}
