/**
 * CPU time per proxied request (user and system, the whole process family) of the proxy in packages/http1/README.md beside nginx, HAProxy,
 * undici behind node:http, and http-proxy-3, in one run.
 *
 *   node bench/http1/run.ts [--rounds 7] [--seconds 3] [--connections 64] [--only http1,nginx]
 *
 * Proxies share one core, the load (wrk) and the origin (nginx) the other. All proxies stay up; rounds are interleaved and medians are shown,
 * so that a noisy machine harms all alike. Needs Linux with wrk, nginx, haproxy and taskset, and the built packages.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const peers = { "http-proxy-3": "2.0.1", undici: "8.12.4" };
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    only: { type: "string" },
    bytes: { type: "string", default: "1024" },
  },
});
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "mothership-bench-"));
// nginx serves as another user.
chmodSync(folder, 0o755);
const children: ChildProcess[] = [];
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The npm peers, in a folder of their own that is kept from run to run. */
function modules(): string {
  const place = join(tmpdir(), `mothership-bench-peers-${Object.values(peers).join("-")}`);
  if (!existsSync(join(place, "node_modules", "undici"))) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "package.json"), '{ "private": true }');
    const names = Object.entries(peers).map(([name, version]) => `${name}@${version}`);
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...names], { cwd: place, stdio: "inherit" });
  }
  return place;
}

function config(name: string, ports: { readonly port: number; readonly origin: number }): string {
  const text = readFileSync(join(here, "config", name), "utf8");
  const path = join(folder, name);
  writeFileSync(
    path,
    text.replaceAll("@DIR@", folder).replaceAll("@PORT@", String(ports.port)).replaceAll("@ORIGIN@", String(ports.origin)),
  );
  return path;
}

function start(core: number, command: string, args: readonly string[]): ChildProcess {
  const child = spawn("taskset", ["-c", String(core), command, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, BENCH_MODULES: peerFolder, NODE_ENV: "production" },
  });
  children.push(child);
  return child;
}

async function serves(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/file`);
      const length = (await answer.arrayBuffer()).byteLength;
      if (answer.status === 200 && length === Number(values.bytes)) return;
      throw new Error(`status ${answer.status}, ${length} bytes`);
    } catch (error) {
      if (tries === 99) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A process and all that descend from it. */
function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const members = [root];
  for (let index = 0; index < members.length; index++)
    for (const [pid, parent] of parents) if (parent === members[index]) members.push(pid);
  return members;
}

/** User and system time so far, in microseconds. */
function cpuMicros(root: number): number {
  let ticks = 0;
  for (const pid of family(root)) {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000_000) / ticksPerSecond;
}

function load(port: number, seconds: number): number {
  const text = execFileSync(
    "taskset",
    [
      "-c",
      "1",
      "wrk",
      "-t1",
      `-c${values.connections}`,
      `-d${seconds}s`,
      "-H",
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
      "-H",
      "Accept: text/html,*/*;q=0.8",
      "-H",
      "Accept-Encoding: gzip, deflate, br",
      "-H",
      "Accept-Language: en-GB,en;q=0.5",
      "-H",
      "Cookie: session=0123456789abcdef",
      `http://127.0.0.1:${port}/file`,
    ],
    { encoding: "utf8" },
  );
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(text);
  return Number(/(\d+) requests in/.exec(text)![1]);
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const peerFolder = modules();
try {
  mkdirSync(join(folder, "www"));
  writeFileSync(join(folder, "www", "file"), "x".repeat(Number(values.bytes)));
  const origin = await freePort();
  start(1, "nginx", ["-p", folder, "-c", config("origin.conf", { port: 0, origin })]);
  await serves(origin);

  const commands: Record<string, (port: number) => [string, string[]]> = {
    http1: (port) => [process.execPath, [join(here, "proxies/http1.mjs"), String(port), `127.0.0.1:${origin}`]],
    nginx: (port) => ["nginx", ["-p", folder, "-c", config("nginx.conf", { port, origin })]],
    haproxy: (port) => ["haproxy", ["-f", config("haproxy.cfg", { port, origin })]],
    undici: (port) => [process.execPath, [join(here, "proxies/undici.mjs"), String(port), `127.0.0.1:${origin}`]],
    "http-proxy-3": (port) => [process.execPath, [join(here, "proxies/http-proxy-3.mjs"), String(port), `127.0.0.1:${origin}`]],
    "http-proxy-3, keep-alive": (port) => [
      process.execPath,
      [join(here, "proxies/http-proxy-3.mjs"), String(port), `127.0.0.1:${origin}`, "keep-alive"],
    ],
  };
  const wanted = values.only?.split(",") ?? Object.keys(commands);
  const running: {
    readonly name: string;
    readonly port: number;
    readonly pid: number;
    readonly micros: number[];
    readonly rates: number[];
  }[] = [];
  for (const name of wanted) {
    const port = await freePort();
    const child = start(0, ...commands[name]!(port));
    await serves(port);
    running.push({ name, port, pid: child.pid!, micros: [], rates: [] });
  }
  for (const { port } of running) load(port, 2);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const one of running) {
      const before = cpuMicros(one.pid);
      const requests = load(one.port, Number(values.seconds));
      one.micros.push((cpuMicros(one.pid) - before) / requests);
      one.rates.push(requests / Number(values.seconds));
    }
  }
  const base = running.find(({ name }) => name === "nginx");
  console.log(
    `${values.rounds} rounds of ${values.seconds} s, ${values.connections} connections, ${values.bytes} bytes, Node ${process.version}`,
  );
  console.log("| proxy | CPU per request, median (least to most) | of nginx | requests/s |\n| --- | --- | --- | --- |");
  for (const { name, micros, rates } of running) {
    const share = base ? (median(micros) / median(base.micros)).toFixed(2) : "";
    const range = `${Math.min(...micros).toFixed(1)} to ${Math.max(...micros).toFixed(1)}`;
    console.log(`| ${name} | ${median(micros).toFixed(1)} us (${range}) | ${share} | ${Math.round(median(rates))} |`);
  }
} finally {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(
    children.map((child) =>
      child.exitCode === null && child.signalCode === null ? new Promise((resolve) => child.once("exit", resolve)) : undefined,
    ),
  );
  rmSync(folder, { recursive: true, force: true });
}
