/**
 * What a second thread of the edge brings: one and two threads, side by side.
 *
 *   node bench/threads/run.ts [--rounds 5] [--seconds 3] [--connections 64] [--only limited,pipelined,static,ship]
 *
 * Everything, the load and the origin too, runs on cores 0 and 1. One thread has a core for itself and leaves the other to the load; two
 * threads share both with it, so that requests per second tell less than there is to be had. What counts is CPU time: of the whole process
 * (compiler and collector of garbage included), and of each edge thread, from /proc. "Requests per bound second" is how many the threads
 * would answer in a second of full use of a core each: threads / CPU time of a request. A machine with other work gives figures that mean
 * little, since a thread that is seldom run does less in one go. Needs Linux with two cores, wrk, nginx, taskset and the built packages.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { describeMachine, loadNow } from "../lib/machine.ts";
import { configFile, mothershipBin } from "../lib/programs.ts";
import { median, pairedRatio, ranged, save, spread, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import { serves } from "../lib/wrk.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    only: { type: "string", default: "limited,pipelined,static,ship" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const run = promisify(execFile);
/** Of everything. */
const cores = "0,1";

/** What is asked for, and what a manifest needs to answer it. */
interface Scenario {
  readonly title: string;
  readonly path: string;
  readonly pipelined?: number;
  readonly more: (scratch: Scratch, origin: number) => string;
}

const scenarios: Record<string, Scenario> = {
  limited: {
    title: "Answered by mothership itself (429 of a rate limit that all threads share)",
    path: "/www/file",
    more: (scratch) =>
      `[mothership.rate_limiting]\nper_ip_rpm = 60\n[[mothership.static_dirs]]\npath = "${scratch.path("www")}"\nprefix = "/www"\n`,
  },
  pipelined: {
    title: "Answered by mothership itself (429), 32 requests in one go",
    path: "/www/file",
    pipelined: 32,
    more: (scratch) =>
      `[mothership.rate_limiting]\nper_ip_rpm = 60\n[[mothership.static_dirs]]\npath = "${scratch.path("www")}"\nprefix = "/www"\n`,
  },
  static: {
    title: "Static file, 1 KB",
    path: "/www/file",
    more: (scratch) => `[[mothership.static_dirs]]\npath = "${scratch.path("www")}"\nprefix = "/www"\n`,
  },
  ship: {
    title: "GET of 1 KB from a ship (nginx), with all filters on but compression and payloads",
    path: "/file",
    more: (scratch, origin) =>
      `[mothership.rate_limiting]\nglobal_rps = 1000000\nper_ip_rpm = 100000000\n[mothership.cors_cache]\nenabled = true
[[mothership.static_dirs]]\npath = "${scratch.path("static")}"\nprefix = "/static"
[[fleet.web]]\nname = "origin"\ncommand = "nginx"\nargs = ["-p", "${scratch.folder}", "-c", "${configFile(scratch, "origin.conf", `origin-${origin}`, { ORIGIN: origin })}"]
bind = "tcp://127.0.0.1:${origin}"\nroutes = ["http:/.*"]\n`,
  },
};

interface Subject {
  readonly threads: number;
  readonly port: number;
  readonly pid: number;
}

interface Round {
  readonly perSecond: number;
  /** Of the whole process, for each request. */
  readonly micros: number;
  /** Of one second, what each edge thread had. */
  readonly shares: readonly number[];
}

async function start(threads: number, scenario: string, scratch: Scratch): Promise<Subject> {
  const [port, origin] = [await scratch.freePort(), await scratch.freePort()];
  const name = `threads-${threads}`;
  const metrics = await scratch.freePort();
  const file = scratch.write(
    join(name, "ship-manifest.toml"),
    `[mothership]\nedge_threads = ${threads}\nmetrics_port = ${metrics}\n[mothership.bind]\nhttp = "127.0.0.1:${port}"\n${scenarios[scenario]!.more(scratch, origin)}`,
  );
  const env = { MS_SOCKET_DIR: scratch.path(name, "run") };
  const { pid } = scratch.start(undefined, "taskset", ["-c", cores, process.execPath, mothershipBin, "run", "-c", file], { env });
  await serves(port, scenarios[scenario]!.path);
  if (pid === undefined) throw new Error("mothership did not start");
  return { threads, port, pid };
}

/** CPU time in nanoseconds of all threads of a process, and of those that serve requests. */
function cpuOf(pid: number): { readonly all: number; readonly edge: readonly number[] } {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => ({
    name: readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8").trim(),
    nanos: Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
  }));
  const edge = tasks
    .filter(({ name }) => name.endsWith("MainThread") || name.startsWith("edge "))
    .sort((a, b) => b.name.localeCompare(a.name));
  return { all: tasks.reduce((sum, { nanos }) => sum + nanos, 0), edge: edge.map(({ nanos }) => nanos) };
}

async function load({ port, pid }: Subject, { path, pipelined }: Scenario, time: number, scratch: Scratch): Promise<Round> {
  const before = cpuOf(pid);
  const begun = performance.now();
  const together = `init = function() local all = {} for at = 1, ${pipelined} do all[at] = wrk.format() end text = table.concat(all) end\nrequest = function() return text end\n`;
  const script = pipelined === undefined ? [] : ["-s", scratch.write("pipelined.lua", together)];
  const args = [
    "-c",
    cores,
    "wrk",
    "-t1",
    "--timeout",
    "30s",
    ...script,
    `-c${values.connections}`,
    `-d${time}s`,
    `http://127.0.0.1:${port}${path}`,
  ];
  const { stdout } = await run("taskset", args);
  const wall = (performance.now() - begun) * 1e6;
  const after = cpuOf(pid);
  if (/Socket errors/.test(stdout)) throw new Error(stdout);
  const [, count] = /(\d+) requests in /.exec(stdout)!;
  const requests = Number(count);
  return {
    perSecond: requests / time,
    micros: (after.all - before.all) / 1000 / requests,
    shares: after.edge.map((nanos, at) => (nanos - before.edge[at]!) / wall),
  };
}

async function measure(name: string): Promise<void> {
  const scenario = scenarios[name]!;
  const { title } = scenario;
  const loadBefore = loadNow();
  await withScratch(async (scratch) => {
    for (const file of ["www/file", "static/other"]) scratch.write(file, "x".repeat(1024));
    const subjects = [await start(1, name, scratch), await start(2, name, scratch)];
    const results = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
    for (const subject of subjects) await load(subject, scenario, 4, scratch);
    for (let round = 0; round < rounds; round++)
      for (const [subject, all] of results) all.push(await load(subject, scenario, seconds, scratch));
    const [one = [], two = []] = [...results.values()];
    const bound = (rounds: readonly Round[], threads: number): number[] => rounds.map(({ micros }) => (threads * 1e6) / micros);
    const gain = pairedRatio(bound(two, 2), bound(one, 1));
    const seen = pairedRatio(
      two.map(({ perSecond }) => perSecond),
      one.map(({ perSecond }) => perSecond),
    );
    const rows = [...results].map(([{ threads }, rounds]) => [
      String(threads),
      ranged(spread(rounds.map(({ micros }) => micros))),
      rounds[0]!.shares.map((_, at) => `${(100 * median(rounds.map(({ shares }) => shares[at]!))).toFixed(0)} %`).join(" + "),
      median(bound(rounds, threads)).toFixed(0),
      threads === 1 ? "1.00" : ranged(gain, 2),
      median(rounds.map(({ perSecond }) => perSecond)).toFixed(0),
      threads === 1 ? "1.00" : ranged(seen, 2),
    ]);
    const head = [
      "threads",
      "CPU us per request",
      "of a core, each",
      "requests per bound second",
      "of one thread",
      "requests/s seen",
      "of one thread",
    ];
    const shown = { title, table: table(head, rows) };
    console.log(`\n### ${title}\n\n${shown.table}`);
    const figures = [...results].map(([{ threads }, rounds]) => ({ threads, rounds }));
    save(
      "threads",
      name,
      { ...describeMachine(["nginx", "wrk"]), loadBefore },
      { rounds, seconds, connections: Number(values.connections) },
      figures,
      shown,
    );
  });
}

console.log(`${rounds} rounds of ${seconds} s, ${values.connections} connections, Node ${process.version}, load ${loadNow().join(" ")}`);
for (const name of values.only.split(",")) {
  if (!scenarios[name]) throw new Error(`no scenario "${name}"; there are ${Object.keys(scenarios).join(", ")}`);
  await measure(name);
}
