/**
 * The whole program as a proxy beside nginx, HAProxy, http-proxy-3 and @fastify/http-proxy: CPU time per request of the proxy's processes
 * (the origin does not count), requests per second, latency, memory.
 *
 *   node bench/proxy/run.ts [--rounds 5] [--seconds 2] [--connections 64] [--only get,post]
 *
 * Proxies are pinned to one core, the load and the origins to the other. All proxies of a table stay up, the rounds are interleaved, ratios
 * are taken round by round, and medians are shown. Needs Linux with wrk, nginx, haproxy and taskset, and the built packages.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { describeMachine, loadNow } from "../lib/machine.ts";
import { npmPeers, peerVersions } from "../lib/peers.ts";
import { cpuMicros, family, memoryOf } from "../lib/proc.ts";
import { median, pairedRatio, ranged, save, spread, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import { type LoadResult, wrk } from "../lib/wrk.ts";
import {
  allFilters,
  type Features,
  type OriginKind,
  type PeerName,
  peerNames,
  type Running,
  startMothershipProxy,
  startOrigin,
  startPeer,
} from "./subjects.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "64" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const run = promisify(execFile);

interface Scenario {
  readonly title: string;
  readonly origin: OriginKind;
  readonly mothership: Readonly<Record<string, Features>>;
  readonly peers: readonly (readonly [PeerName, routes?: number])[];
  /** What ratios are taken of. */
  readonly base: string;
  /** Many short rounds tell small differences better than few long ones. */
  readonly rounds?: number;
  readonly load: (port: number, seconds: number, name: string, scratch: Scratch) => Promise<LoadResult>;
  /** Of one request, to show a rate of bytes. */
  readonly bytes?: number;
}

const get =
  (path: string, more: { readonly connections?: number; readonly postBytes?: number } = {}): Scenario["load"] =>
  (port, seconds, _name, scratch) =>
    wrk(port, { path, connections, seconds, ...more }, scratch);

const everyone = peerNames.map((name) => [name] as const);
const mega = 100 * 1_048_576;
const routesPath = (name: string): string => (/ (\d+) routes/.test(name) ? "/many/last" : "/file");

const scenarios: Record<string, Scenario> = {
  get: {
    title: "GET, 1 KB, keep-alive",
    origin: "files",
    mothership: { "mothership, filters on": allFilters, "mothership, bare": {} },
    peers: everyone,
    base: "nginx",
    load: get("/file"),
  },
  "64k": {
    title: "GET, 64 KB, keep-alive",
    origin: "files",
    mothership: { "mothership, filters on": allFilters },
    peers: everyone,
    base: "nginx",
    load: get("/64k"),
    bytes: 65_536,
  },
  post: {
    title: "POST, 10 KB, keep-alive",
    origin: "sink",
    mothership: { "mothership, filters on": allFilters },
    peers: everyone,
    base: "nginx",
    load: get("/post", { postBytes: 10_240 }),
  },
  static: {
    title: "Static file, 1 KB, served by the proxy itself",
    origin: "files",
    mothership: { "mothership, filters on": allFilters },
    peers: [["nginx"]],
    base: "nginx",
    load: get("/static/file"),
  },
  routes: {
    title: "Routes: 1 KB GET that only the last route takes",
    origin: "files",
    mothership: {
      "mothership, 1 route": allFilters,
      "mothership, 100 routes": { ...allFilters, routes: 100 },
      "mothership, 1000 routes": { ...allFilters, routes: 1000 },
    },
    peers: [["nginx"], ["nginx", 100], ["nginx", 1000]],
    base: "mothership, 1 route",
    load: (port, seconds, name, scratch) => wrk(port, { path: routesPath(name), connections, seconds }, scratch),
  },
  filters: {
    title: "Cost of each filter that does nothing for the request (1 KB GET)",
    origin: "files",
    mothership: {
      bare: {},
      "bare, once more": {},
      metrics: { metrics: true },
      "rate limits": { rateLimit: true },
      "preflight cache": { corsCache: true },
      "static folder, other prefix": { staticPrefix: "/static" },
      "static folder /, not found there": { staticPrefix: "/" },
      "user agent route": { userAgentRoute: true },
      "PROXY protocol, none sent": { proxyProtocol: true },
      "compression, of no use": { compression: true },
      "payload that looks and lets pass": { payload: true },
      "all but compression and payload": allFilters,
    },
    peers: [],
    base: "bare",
    rounds: 2 * rounds,
    load: (port, _seconds, _name, scratch) => wrk(port, { path: "/file", connections, seconds: 1 }, scratch),
  },
  download: {
    title: "GET, 100 MB",
    origin: "files",
    mothership: { "mothership, filters on": allFilters },
    peers: [["nginx"], ["haproxy"]],
    base: "nginx",
    load: (port, _seconds, _name, scratch) => wrk(port, { path: "/100m", connections: 4, seconds: 4 }, scratch),
    bytes: mega,
  },
  upload: {
    title: "POST, 100 MB",
    origin: "sink",
    mothership: { "mothership, filters on": allFilters },
    peers: [["nginx"], ["haproxy"]],
    base: "nginx",
    load: (port, _seconds, _name, scratch) => wrk(port, { path: "/post", connections: 4, seconds: 4, postBytes: mega }, scratch),
    bytes: mega,
  },
  tunnel: {
    title: "WebSocket tunnel, messages of 64 bytes there and back (a request is a message)",
    origin: "echo",
    mothership: { "mothership, filters on": allFilters },
    peers: [["nginx"], ["haproxy"]],
    base: "nginx",
    rounds: 2 * rounds,
    load: async (port, seconds) => {
      const script = join(import.meta.dirname, "tunnel-load.mjs");
      const words = ["-c", "1", process.execPath, script, String(port), "/tunnel", String(connections), String(seconds)];
      return JSON.parse((await run("taskset", words)).stdout);
    },
  },
};

interface Figures {
  readonly name: string;
  readonly micros: number[];
  readonly loads: LoadResult[];
  rssMb: number;
}

async function startAll(scenario: Scenario, modules: string, scratch: Scratch): Promise<Running[]> {
  const running: Running[] = [];
  for (const [name, features] of Object.entries(scenario.mothership))
    running.push(await startMothershipProxy(name, features, scenario.origin, scratch));
  if (scenario.peers.length === 0) return running;
  const origin = await startOrigin(scenario.origin, scratch);
  for (const [peer, routes] of scenario.peers) running.push(await startPeer(peer, origin, modules, scratch, routes));
  return running;
}

/** Each scenario has processes of its own, so that none is warm from another. */
async function measure(scenario: Scenario, modules: string): Promise<Figures[]> {
  const figures: Figures[] = [];
  await withScratch(async (scratch) => {
    scratch.write("www/file", "x".repeat(1024));
    scratch.write("www/64k", "x".repeat(65_536));
    scratch.write("static/file", "x".repeat(1024));
    scratch.write("elsewhere/other", "x");
    if (scenario.bytes === mega) scratch.write("www/100m", Buffer.alloc(mega, "x"));
    const running = await startAll(scenario, modules, scratch);
    figures.push(...running.map(({ name }) => ({ name, micros: [], loads: [], rssMb: 0 })));
    for (const { port, name } of running) await warm((time) => scenario.load(port, time, name, scratch), scenario.bytes === mega);
    for (let round = 0; round < (scenario.rounds ?? rounds); round++) {
      for (const [at, { port, pid, name }] of running.entries()) {
        const one = figures[at]!;
        const before = cpuMicros(pid);
        const result = await scenario.load(port, seconds, name, scratch);
        one.micros.push((cpuMicros(pid) - before) / result.requests);
        one.loads.push(result);
        one.rssMb = Math.max(one.rssMb, memoryOf(family(pid).map((member) => member.pid)).rssMb);
      }
    }
  });
  return figures;
}

/** Until the compilers have done their work, however slow the machine is at the moment. */
async function warm(load: (seconds: number) => Promise<LoadResult>, large: boolean): Promise<void> {
  let requests = 0;
  for (let turn = 0; turn < 8 && requests < (large ? 20 : 25_000); turn++) requests += (await load(2)).requests;
}

/** Other work only ever adds time, so the best rounds of both sides compare what the programs themselves need. */
function least(one: Figures, base: Figures): string {
  return (spread(one.micros).least / spread(base.micros).least).toFixed(2);
}

function show({ title, base, bytes }: Scenario, figures: readonly Figures[]): void {
  const of = figures.find(({ name }) => name === base)!;
  const all = (one: Figures, what: keyof LoadResult): number[] => one.loads.map((load) => load[what]);
  const rows = figures.map((one) => {
    const rate = median(all(one, "perSecond"));
    const cells = [
      one.name,
      ranged(spread(one.micros)),
      ranged(pairedRatio(one.micros, of.micros), 2),
      least(one, of),
      rate.toFixed(bytes === mega ? 1 : 0),
      (spread(all(one, "perSecond")).most / spread(all(of, "perSecond")).most).toFixed(2),
    ];
    const speed = bytes === undefined ? [] : [((rate * bytes) / 1e6).toFixed(0)];
    const latency = [median(all(one, "p50Ms")).toFixed(2), median(all(one, "p99Ms")).toFixed(2)];
    return [...cells, ...speed, ...latency, one.rssMb.toFixed(0)];
  });
  const head = [
    "",
    "CPU us per request",
    `of ${base}`,
    "least of least",
    "requests/s",
    "best of best",
    ...(bytes === undefined ? [] : ["MB/s"]),
    "p50 ms",
    "p99 ms",
    "RSS MB",
  ];
  console.log(`\n### ${title}\n\n${table(head, rows)}`);
}

const wanted = values.only?.split(",") ?? Object.keys(scenarios);
const npm = ["http-proxy-3", "@fastify/http-proxy", "fastify"] as const;
const modules = npmPeers(...npm);
const settings = { rounds, seconds, connections };
console.log(`${rounds} rounds of ${seconds} s, ${connections} connections, Node ${process.version}, load ${loadNow().join(" ")}`);
for (const name of wanted) {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario "${name}"; there are ${Object.keys(scenarios).join(", ")}`);
  const loadBefore = loadNow();
  const figures = await measure(scenario, modules);
  show(scenario, figures);
  const machine = describeMachine(["nginx", "haproxy", "wrk"]);
  save("proxy", name, { ...machine, loadBefore, versions: { ...machine.versions, ...peerVersions(npm) } }, settings, figures);
}
