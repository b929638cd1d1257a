/**
 * CPU time per proxied request (user and system, the whole process family) of the proxy in packages/http1/README.md beside nginx, HAProxy,
 * undici behind node:http, and http-proxy-3, in one run.
 *
 *   node bench/http1/run.ts [--rounds 7] [--seconds 3] [--connections 64] [--only http1,nginx] [--bytes 1024]
 *
 * Proxies share one core, the load (wrk) and the origin (nginx) the other. All proxies stay up; rounds are interleaved and medians are shown,
 * so that a noisy machine harms all alike. Needs Linux with wrk, nginx, haproxy and taskset, and the built packages.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../lib/machine.ts";
import { npmPeers } from "../lib/peers.ts";
import { cpuMicros } from "../lib/proc.ts";
import { configFile } from "../lib/programs.ts";
import { median, ranged, save, spread, table } from "../lib/results.ts";
import { type Scratch, withScratch } from "../lib/scratch.ts";
import { serves, wrk } from "../lib/wrk.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    only: { type: "string" },
    bytes: { type: "string", default: "1024" },
  },
});
const rounds = Number(values.rounds);
const load = { path: "/file", connections: Number(values.connections), seconds: Number(values.seconds) };

function commands(scratch: Scratch, origin: number): Record<string, (port: number) => [string, string[]]> {
  const script = (file: string, ...more: string[]) => {
    return (port: number): [string, string[]] => [
      process.execPath,
      [join(import.meta.dirname, file), String(port), `127.0.0.1:${origin}`, ...more],
    ];
  };
  return {
    http1: script("proxies/http1.mjs"),
    nginx: (port) => ["nginx", ["-p", scratch.folder, "-c", configFile(scratch, "nginx.conf", "nginx", { PORT: port, ORIGIN: origin })]],
    haproxy: (port) => ["haproxy", ["-f", configFile(scratch, "haproxy.cfg", "haproxy", { PORT: port, ORIGIN: origin })]],
    undici: script("proxies/undici.mjs"),
    "http-proxy-3": script("../lib/proxies/http-proxy-3.mjs"),
    "http-proxy-3, keep-alive": script("../lib/proxies/http-proxy-3.mjs", "keep-alive"),
  };
}

await withScratch(async (scratch) => {
  const machine = describeMachine(["nginx", "haproxy", "wrk"]);
  const env = { BENCH_MODULES: npmPeers("http-proxy-3", "undici") };
  scratch.write("www/file", "x".repeat(Number(values.bytes)));
  const origin = await scratch.freePort();
  scratch.start(1, "nginx", ["-p", scratch.folder, "-c", configFile(scratch, "origin.conf", "origin", { ORIGIN: origin })]);
  await serves(origin);

  const all = commands(scratch, origin);
  const running = [];
  for (const name of values.only?.split(",") ?? Object.keys(all)) {
    const port = await scratch.freePort();
    const child = scratch.start(0, ...all[name]!(port), { env });
    await serves(port);
    running.push({ name, port, pid: child.pid!, micros: [] as number[], rates: [] as number[] });
  }
  for (const { port } of running) await wrk(port, { ...load, seconds: 2 }, scratch);
  for (let round = 0; round < rounds; round++) {
    for (const one of running) {
      const before = cpuMicros(one.pid);
      const { requests, perSecond } = await wrk(one.port, load, scratch);
      one.micros.push((cpuMicros(one.pid) - before) / requests);
      one.rates.push(perSecond);
    }
  }

  const base = running.find(({ name }) => name === "nginx");
  console.log(`${rounds} rounds of ${values.seconds} s, ${values.connections} connections, ${values.bytes} bytes, Node ${process.version}`);
  const rows = running.map(({ name, micros, rates }) => [
    name,
    `${ranged(spread(micros))} us`,
    base ? (median(micros) / median(base.micros)).toFixed(2) : "",
    median(rates).toFixed(0),
  ]);
  console.log(table(["proxy", "CPU per request, median (least to most)", "of nginx", "requests/s"], rows));
  save(
    "http1",
    "get",
    machine,
    { rounds, ...load, bytes: Number(values.bytes) },
    running.map(({ name, micros, rates }) => ({ name, micros, rates })),
  );
});
