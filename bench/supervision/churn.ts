/**
 * What many restarts and many reloads leave behind in mothership: descriptors, timers, heap.
 *
 *   node bench/supervision/churn.ts [--times 1000] [--only restarts,reloads]
 *
 * Needs Linux and the built packages.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectControl, controlPath } from "../../packages/control/dist/index.js";
import { describeMachine } from "../lib/machine.ts";
import { until } from "../lib/proc.ts";
import { startMothership } from "../lib/programs.ts";
import { save, table } from "../lib/results.ts";
import { stop, withScratch } from "../lib/scratch.ts";

const { values } = parseArgs({
  options: { times: { type: "string", default: "1000" }, only: { type: "string", default: "restarts,reloads" } },
});
const times = Number(values.times);
const parts = 5;

interface Held {
  readonly fds: number;
  readonly timers: number;
  readonly resources: number;
  readonly heapKb: number;
  readonly externalKb: number;
}

const manifest = (edgePort: number, shipPort: number, round: number): string => `
[mothership.bind]
http = "127.0.0.1:${edgePort}"
[[fleet.web]]
name = "web"
command = ${JSON.stringify(process.execPath)}
args = ["-e", 'require("http").createServer((_, res) => res.end("hello")).listen(${shipPort}, "127.0.0.1")']
bind = "tcp://127.0.0.1:${shipPort}"
healthcheck = "/"
routes = ["http:/round-${round % 7}.*", "http:/.*"]
[[fleet.work]]
name = "restarted"
command = "sh"
args = ["-c", "echo started; exec sleep 100000"]
[[fleet.work]]
name = "changed"
command = "sh"
args = ["-c", "echo round ${round}; exec sleep 100000"]
startup = { type = "log", pattern = "round" }
${round % 2 === 1 ? `[[fleet.work]]\nname = "sometimes"\ncommand = "sh"\nargs = ["-c", "echo here; exec sleep 100000"]\nstartup = { type = "log", pattern = "here" }\n` : ""}`;

await withScratch(async (scratch) => {
  const [edgePort, shipPort, inside] = [await scratch.freePort(), await scratch.freePort(), scratch.path("inside.jsonl")];
  const env = { MS_BENCH_INSIDE: inside, NODE_OPTIONS: `--require ${JSON.stringify(join(import.meta.dirname, "inside.cjs"))}` };
  const child = startMothership(scratch, "churn", manifest(edgePort, shipPort, 0), undefined, {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  const path = scratch.path("churn", "ship-manifest.toml");
  const control = connectControl(controlPath(path, { MS_SOCKET_DIR: scratch.path("churn", "s") }));
  const running = async (): Promise<true | undefined> =>
    (await control.snapshot().catch(() => undefined))?.status === "running" ? true : undefined;
  for (let tries = 0; !(await running()); tries++) {
    if (tries > 200) throw new Error("mothership does not run");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const lines = (): string[] => (existsSync(inside) ? readFileSync(inside, "utf8").trimEnd().split("\n") : []);
  const look = async (): Promise<Held> => {
    const before = lines().length;
    process.kill(child.pid!, "SIGUSR2");
    await until("a look inside", () => (lines().length > before ? true : undefined), 5_000, 10);
    return JSON.parse(lines().at(-1)!);
  };
  const restart = (): Promise<void> => control.restart("restarted");
  let round = 0;
  const reload = async (): Promise<void> => {
    writeFileSync(path, manifest(edgePort, shipPort, ++round));
    await control.reload();
  };
  const figures: Record<string, { ms: number; held: Held[] }> = {};
  for (const [name, once] of Object.entries({ restarts: restart, reloads: reload })) {
    if (!values.only.split(",").includes(name)) continue;
    // Caches and histories fill first: the thousand events that are kept, for one.
    for (let at = 0; at < 250; at++) await once();
    const held = [await look()];
    const begun = performance.now();
    for (let part = 0; part < parts; part++) {
      for (let at = 0; at < times / parts; at++) await once();
      held.push(await look());
    }
    figures[name] = { ms: (performance.now() - begun) / times, held };
  }
  await stop(child);
  const machine = describeMachine([]);
  save("supervision", "churn", machine, { times }, figures);
  const rows = Object.entries(figures).flatMap(([name, { ms, held }]) =>
    held.map(({ fds, timers, resources, heapKb, externalKb }, at) => {
      const cells = [Math.round((at * times) / parts), fds, timers, resources, heapKb, externalKb].map(String);
      return [at === 0 ? `${name}, ${ms.toFixed(0)} ms each` : "", ...cells];
    }),
  );
  console.log(table(["", "after", "descriptors", "timers", "resources", "heap KB", "external KB"], rows));
});
