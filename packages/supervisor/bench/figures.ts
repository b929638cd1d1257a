// Prints the figures of the supervisor on this machine: node --expose-gc bench/figures.ts [restarts]
// Crash to new pid, 100 processes stopped, a flood of lines, and what is held after many restarts.
import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { silentLogger, systemClock } from "@mothership/kernel";
import type { ProcessSpec, Supervisor, SupervisorEvents } from "../src/index.ts";
import { openSupervisor } from "../src/index.ts";

const deps = { clock: systemClock, log: silentLogger };
const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
const sleeper = (name: string): ProcessSpec => ({ name, command: "sleep", args: ["1000"], env, restart: { stableMs: 0, minDelayMs: 0 } });
const restarts = Number(process.argv[2] ?? 1_000);

function next<K extends keyof SupervisorEvents>(
  supervisor: Supervisor,
  type: K,
  fits: (event: SupervisorEvents[K]) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const subscription = supervisor.events.on(type, (event) => {
      if (!fits(event)) return;
      subscription[Symbol.dispose]();
      resolve();
    });
  });
}

async function crashToNewPid(): Promise<void> {
  await using supervisor = openSupervisor([sleeper("web")], deps);
  await supervisor.start();
  const times: number[] = [];
  for (let n = 0; n < 20; n++) {
    await systemClock.sleep(50);
    const again = next(supervisor, "started", () => true);
    const from = performance.now();
    process.kill(supervisor.get("web").pid!, "SIGKILL");
    await again;
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.log(`crash to new pid, 20 kills: median ${times[10]!.toFixed(1)} ms, longest ${times.at(-1)!.toFixed(1)} ms`);
}

async function stopMany(): Promise<void> {
  await using supervisor = openSupervisor(
    Array.from({ length: 100 }, (_, index) => sleeper(`p${index}`)),
    deps,
  );
  const from = performance.now();
  await supervisor.start();
  const up = performance.now();
  await supervisor.stop();
  console.log(`100 processes: started in ${(up - from).toFixed(0)} ms, stopped in ${(performance.now() - up).toFixed(0)} ms`);
}

async function flood(): Promise<void> {
  const lines = 2_000_000;
  const program = `const block = (("x".repeat(99)) + "\\n").repeat(1000); let n = 0; const go = () => { while (n < ${lines / 1_000}) { n++; if (!process.stdout.write(block)) return process.stdout.once("drain", go); } }; go();`;
  const spec: ProcessSpec = { name: "flood", kind: "task", command: process.execPath, args: ["-e", program], env };
  let seen = 0;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await using supervisor = openSupervisor([spec], deps);
  supervisor.events.on("logLine", ({ continued }) => {
    // A line may come in two pieces where the writer was slow.
    if (!continued) seen++;
  });
  delay.enable();
  const from = performance.now();
  await supervisor.start();
  while (seen < lines && performance.now() - from < 60_000) await systemClock.sleep(5);
  const seconds = (performance.now() - from) / 1_000;
  delay.disable();
  console.log(
    `200 MB of 100-byte lines: ${seen} of ${lines} lines seen, ${supervisor.get("flood").droppedLines} dropped, ` +
      `${(200 / seconds).toFixed(0)} MB/s, event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
  );
}

function held(): { readonly heap: number; readonly descriptors: number; readonly resources: number; readonly pss: string } {
  globalThis.gc?.();
  const pss = /^Pss:\s*(\d+) kB/m.exec(readFileSync("/proc/self/smaps_rollup", "latin1"))?.[1] ?? "?";
  return {
    heap: process.memoryUsage().heapUsed,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: process.getActiveResourcesInfo().length,
    pss: `${pss} kB`,
  };
}

async function manyRestarts(): Promise<void> {
  await using supervisor = openSupervisor([sleeper("web")], deps);
  await supervisor.start();
  const round = async (): Promise<void> => {
    const again = next(supervisor, "started", () => true);
    process.kill(supervisor.get("web").pid!, "SIGKILL");
    await again;
    await supervisor.restart("web");
  };
  for (let n = 0; n < 50; n++) await round();
  await systemClock.sleep(700);
  const before = held();
  for (let n = 0; n < restarts / 2; n++) await round();
  await systemClock.sleep(700);
  const after = held();
  console.log(
    `${restarts} restarts: heap ${(before.heap / 1e6).toFixed(2)} -> ${(after.heap / 1e6).toFixed(2)} MB, ` +
      `descriptors ${before.descriptors} -> ${after.descriptors}, timers and handles ${before.resources} -> ${after.resources}`,
  );
}

async function idle(): Promise<void> {
  await using supervisor = openSupervisor(
    Array.from({ length: 50 }, (_, index) => sleeper(`p${index}`)),
    deps,
  );
  await supervisor.start();
  await systemClock.sleep(500);
  const cpu = process.cpuUsage();
  await systemClock.sleep(10_000);
  const used = process.cpuUsage(cpu);
  console.log(`50 idle processes: PSS ${held().pss}, ${((used.user + used.system) / 1e5).toFixed(2)} % of a core`);
}

await crashToNewPid();
await stopMany();
await flood();
await manyRestarts();
await idle();
