/**
 * The whole program as a proxy beside nginx, HAProxy, Caddy, http-proxy-3 and @fastify/http-proxy: CPU time per request of the proxy's processes
 * (the origin does not count), requests per second, latency, memory.
 *
 *   node bench/proxy/run.ts [--rounds 5] [--seconds 2] [--connections 64] [--only get,post] [--list]
 *
 * Proxies are pinned to one core, the load and the origins to the other. All proxies of a table stay up, the rounds are interleaved, ratios
 * are taken round by round, and medians are shown. Needs Linux with wrk, nginx (which is the origin, too) and taskset, for one table h2load, and
 * the built packages; other peers that are not installed are left out.
 */
import { parseArgs } from "node:util";
import { describeMachine, installed, loadNow, need } from "../lib/machine.ts";
import { npmPeers, peerVersions } from "../lib/peers.ts";
import { cpuMicros, family, memoryOf } from "../lib/proc.ts";
import { median, pairedRatio, ranged, save, spread, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import type { LoadResult } from "../lib/wrk.ts";
import { mega, type Scenario, scenariosOf } from "./scenarios.ts";
import { type PeerName, type Running, startMothershipProxy, startOrigin, startPeer } from "./subjects.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "64" },
    only: { type: "string" },
    list: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const connections = Number(values.connections);
const scenarios = scenariosOf({ rounds, connections });

interface Figures {
  readonly name: string;
  readonly micros: number[];
  readonly loads: LoadResult[];
  rssMb: number;
}

/** Peers from npm are installed by this script. */
function present(peer: PeerName): boolean {
  return /^http-proxy|^@/.test(peer) || installed(peer);
}

async function startAll(scenario: Scenario, modules: string, scratch: Scratch): Promise<Running[]> {
  const running: Running[] = [];
  for (const [name, features] of Object.entries(scenario.mothership))
    running.push(await startMothershipProxy(name, features, scenario.origin, scratch));
  if (scenario.peers.length === 0) return running;
  const origin = await startOrigin(scenario.origin, scratch);
  for (const [peer, options] of scenario.peers) {
    if (present(peer)) running.push(await startPeer(peer, origin, modules, scratch, options));
    else console.log(`${peer} is not installed and left out`);
  }
  return running;
}

/** Each scenario has processes of its own, so that none is warm from another. */
async function measure(scenario: Scenario, modules: string): Promise<Figures[]> {
  const figures: Figures[] = [];
  await withScratch(async (scratch) => {
    scratch.write("www/file", "x".repeat(1024));
    scratch.write("www/64k", "x".repeat(65_536));
    scratch.write("www/text.txt", prose(16_384));
    scratch.write("static/file", "x".repeat(1024));
    scratch.write("elsewhere/other", "x");
    if (scenario.bytes === mega) scratch.write("www/100m", Buffer.alloc(mega, "x"));
    const running = await startAll(scenario, modules, scratch);
    if (scenario.encoded) for (const one of running) await mustEncode(one, scenario.encoded);
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

async function mustEncode({ name, port }: Running, { path, coding }: { readonly path: string; readonly coding: string }): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { "Accept-Encoding": "gzip" } });
  await answer.arrayBuffer();
  const given = answer.headers.get("content-encoding");
  if (given !== coding) throw new Error(`${name} sends ${path} with the encoding ${given ?? "none"} and not ${coding}`);
}

/** Until the compilers have done their work, however slow the machine is at the moment; not for ever where each request costs much. */
async function warm(load: (seconds: number) => Promise<LoadResult>, large: boolean): Promise<void> {
  let requests = 0;
  for (let turn = 0; turn < 8 && requests < (large ? 20 : 25_000); turn++) requests += (await load(Math.min(2, seconds))).requests;
}

/** Other work only ever adds time, so the best rounds of both sides compare what the programs themselves need. */
function least(one: Figures, base: Figures): string {
  return (spread(one.micros).least / spread(base.micros).least).toFixed(2);
}

/** Words in no order that repeats: text that compresses about as text does. */
function prose(bytes: number): string {
  const words = "harbour route ship signal manifest the of and a to in is restart window measure client server under every".split(" ");
  let text = "";
  for (let state = 1; text.length < bytes; text += `${words[(state >>> 16) % words.length]}${state % 13 === 0 ? ".\n" : " "}`) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  }
  return text.slice(0, bytes);
}

/** The table of one scenario, as it is printed and goes into docs/performance.md. */
function tableOf({ base, bytes, unit = "request" }: Scenario, figures: readonly Figures[]): string {
  const of = figures.find(({ name }) => name === base)!;
  const all = (one: Figures, what: keyof LoadResult): number[] => one.loads.map((load) => load[what]);
  const large = bytes === mega;
  const rows = figures.map((one) => {
    const rate = median(all(one, "perSecond"));
    return [
      one.name,
      ranged(spread(one.micros.map((micros) => (large ? micros / 1000 : micros)))),
      ranged(pairedRatio(one.micros, of.micros), 2),
      least(one, of),
      large ? ((rate * bytes) / 1e6).toFixed(0) : rate.toFixed(0),
      (spread(all(one, "perSecond")).most / spread(all(of, "perSecond")).most).toFixed(2),
      ...(large ? [] : [`${median(all(one, "p50Ms")).toFixed(1)} / ${median(all(one, "p99Ms")).toFixed(0)}`]),
      one.rssMb.toFixed(0),
    ];
  });
  const head = [
    "",
    large ? "CPU ms per request" : `CPU us per ${unit}`,
    `of ${base}`,
    "least of least",
    large ? "MB/s" : `${unit}s/s`,
    "best of best",
    ...(large ? [] : ["p50 / p99 ms"]),
    "RSS MB",
  ];
  return table(head, rows);
}

if (values.list) {
  for (const [name, { title }] of Object.entries(scenarios)) console.log(`${name.padEnd(16)} ${title}`);
  process.exit(0);
}
const wanted = values.only?.split(",") ?? Object.keys(scenarios);
for (const name of wanted) if (!scenarios[name]) throw new Error(`no scenario "${name}"; there are ${Object.keys(scenarios).join(", ")}`);
need("taskset", "wrk", "nginx", ...(wanted.includes("http2") ? ["h2load"] : []));
const npm = ["http-proxy-3", "@fastify/http-proxy", "fastify"] as const;
const modules = npmPeers(...npm);
const settings = { rounds, seconds, connections };
console.log(`${rounds} rounds of ${seconds} s, ${connections} connections, Node ${process.version}, load ${loadNow().join(" ")}`);
for (const name of wanted) {
  const scenario = scenarios[name]!;
  const loadBefore = loadNow();
  const begun = performance.now();
  const figures = await measure(scenario, modules);
  const shown = { title: scenario.title, table: tableOf(scenario, figures) };
  console.log(`\n### ${shown.title}\n\n${shown.table}\n\n${Math.round((performance.now() - begun) / 1000)} s`);
  const machine = describeMachine(["nginx", "haproxy", "caddy", "wrk", "h2load"]);
  save("proxy", name, { ...machine, loadBefore, versions: { ...machine.versions, ...peerVersions(npm) } }, settings, figures, shown);
}
