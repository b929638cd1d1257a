/**
 * How much a proxy grows while it streams through one connection. Run it as
 *
 *     node packages/proxy/bench/stream-memory.ts [--gb 10] [--direction down|up] [--wire http1|https1|http2] [--slow 0] [-- flags of node for the proxy]
 *
 * Origin, proxy and client are processes of their own, so that only the proxy is measured. The last line is what counts: the growth of its
 * resident set from after a warm-up of 200 small answers to its peak. With `--slow N` so many clients at once take the same answer, or so many
 * origins the same upload, at 256 KB a second for 10 seconds and then leave: what the fast side could get rid of meanwhile is printed too.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { parseAddress, silentLogger, systemClock } from "@mothership/kernel";
import { tempFolder } from "@mothership/testkit";
import { createRouter, forwardTo, openProxy, openUpstream } from "../src/index.ts";
import { certificateFiles } from "../test/certificates.ts";

type Wire = "http1" | "https1" | "http2";

const own = process.argv.slice(2);
const split = own.indexOf("--");
const { values, positionals } = parseArgs({
  args: split === -1 ? own : own.slice(0, split),
  allowPositionals: true,
  options: {
    gb: { type: "string", default: "10" },
    direction: { type: "string", default: "down" },
    wire: { type: "string", default: "http1" },
    slow: { type: "string", default: "0" },
  },
});
const nodeFlags = split === -1 ? [] : own.slice(split + 1);
const wire = values.wire as Wire;
const slow = Number(values.slow);
const warmUps = 200;
const slowSeconds = 10;
const slowBytesPerSecond = 262_144;
const piece = Buffer.alloc(65_536, 120);

/** Writes so many bytes as fast as they are taken. */
async function pour(bytes: number, into: Writable, count = (_bytes: number): void => undefined): Promise<void> {
  for (let sent = 0; sent < bytes; sent += piece.length) {
    count(piece.length);
    if (!into.write(piece)) await once(into, "drain");
  }
  into.end();
}

/** Takes a little at a time, and never the whole. */
async function sip(from: Readable): Promise<number> {
  from.pause();
  let bytes = 0;
  for (let tick = 0; tick < slowSeconds * 10; tick++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let due = slowBytesPerSecond / 10; due > 0; ) {
      const chunk = from.read() as Buffer | null;
      if (!chunk) break;
      due -= chunk.length;
      bytes += chunk.length;
    }
  }
  from.destroy();
  return bytes;
}

async function drink(from: Readable): Promise<number> {
  let bytes = 0;
  from.on("data", (chunk: Buffer) => (bytes += chunk.length));
  await once(from, "end");
  return bytes;
}

/** Sends what the path asks for, and takes all that comes. */
function origin(): void {
  let poured = 0;
  const server = createServer((request, response) => {
    const bytes = Number(request.url?.slice(1));
    if (request.method === "POST")
      (slow > 0 && bytes > 0 ? sip(request) : drink(request)).then(
        (got) => response.end(String(got)),
        () => response.destroy(),
      );
    else
      pour(bytes, response, (count) => {
        poured += count;
      }).catch(() => response.destroy());
  });
  process.on("message", () => process.send?.({ poured }));
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

/** Tells its memory when asked. */
async function proxy(port: number): Promise<void> {
  const deps = { clock: systemClock, log: silentLogger };
  using folder = tempFolder();
  const tls = wire === "http1" ? {} : { tls: { certificates: [certificateFiles(folder.join("bench"), { names: ["127.0.0.1"] })] } };
  const upstream = openUpstream({ name: "origin", address: parseAddress(String(port)) }, deps);
  const router = createRouter([{ bind: "http", pattern: "/.*", to: forwardTo(upstream, deps) }]);
  const opened = await openProxy({ listeners: [{ name: "http", address: parseAddress("127.0.0.1:0"), ...tls }] }, router, deps);
  const address = opened.address("http");
  process.on("message", () => process.send?.({ ...process.memoryUsage(), peak: peakOf() }));
  process.send?.({ port: address.kind === "tcp" ? address.port : 0 });
  await once(process, "disconnect");
  process.exit();
}

/** The highest resident set since the start, in bytes; 0 where the system does not say. */
function peakOf(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

let pouredUp = 0;
const countUp = (bytes: number): void => {
  pouredUp += bytes;
};

async function client(port: number, bytes: number, up: boolean): Promise<void> {
  const drain = slow > 0 && bytes > 0 && !up ? sip : drink;
  const method = up ? "POST" : "GET";
  const path = `/${bytes}`;
  if (wire === "http2") {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await once(session, "connect");
    session.setLocalWindowSize(1 << 20);
    const stream = session.request({ ":method": method, ":path": path }, { endStream: !up });
    const all = drain(stream);
    if (up) await pour(bytes, stream, countUp);
    await all;
    session.close();
    return;
  }
  const send = wire === "https1" ? httpsRequest : httpRequest;
  const outgoing = send({ host: "127.0.0.1", port, method, path, rejectUnauthorized: false });
  const answered = once(outgoing, "response") as Promise<[Readable]>;
  if (up) await pour(bytes, outgoing, countUp);
  else outgoing.end();
  await drain((await answered)[0]);
}

/** Several at once; those that are slow break off. */
async function clients(port: number, bytes: number, up: boolean): Promise<void> {
  const count = bytes > 0 ? Math.max(1, slow) : 1;
  const all = Array.from({ length: count }, () => client(port, bytes, up));
  if (slow === 0 || bytes === 0) {
    await Promise.all(all);
    return;
  }
  await Promise.race([Promise.allSettled(all), new Promise((resolve) => setTimeout(resolve, (slowSeconds + 2) * 1000))]);
  if (up) await new Promise((resolve) => process.send?.({ poured: pouredUp }, resolve));
}

const told = async <T>(child: ChildProcess): Promise<T> => ((await once(child, "message")) as [T])[0];
const start = (role: string, ...rest: string[]): ChildProcess =>
  fork(import.meta.filename, [role, ...rest, "--wire", wire, "--direction", values.direction, "--slow", values.slow], {
    execArgv: role === "proxy" ? nodeFlags : [],
  });

interface Memory {
  readonly rss: number;
  readonly peak: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly heapUsed: number;
}

async function measure(): Promise<void> {
  const up = values.direction === "up";
  const bytes = Number(values.gb) * 1024 ** 3;
  const source = start("origin");
  const { port } = await told<{ port: number }>(source);
  const edge = start("proxy", String(port));
  const { port: edgePort } = await told<{ port: number }>(edge);
  const look = (): Promise<Memory> => {
    edge.send("look");
    return told<Memory>(edge);
  };
  let poured = 0;
  const pass = async (amount: number, times = 1): Promise<void> => {
    const child = start("client", String(edgePort), String(amount), String(times));
    child.on("message", (message: { readonly poured: number }) => {
      poured = message.poured;
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error("the client failed");
  };
  const mb = (value: number): string => (value / 1024 ** 2).toFixed(1);
  for (let count = 0; count < warmUps / 20; count++) await pass(0, 20);
  const before = await look();
  const began = performance.now();
  await pass(bytes);
  const seconds = (performance.now() - began) / 1000;
  const after = await look();
  if (slow > 0 && !up) {
    source.send("poured");
    poured = (await told<{ poured: number }>(source)).poured;
  }
  const peak = Math.max(after.peak, after.rss);
  console.log(`${values.gb} GB ${up ? "up" : "down"}, ${wire}, node ${process.version} ${nodeFlags.join(" ")}`.trim());
  const speed =
    slow > 0
      ? `${slow} slow readers, each was given ${mb(poured / slow)} MB and took ${mb(slowBytesPerSecond * slowSeconds)}`
      : `${(bytes / 1024 ** 2 / seconds).toFixed(0)} MB/s`;
  console.log(`${speed}; heap ${mb(after.heapUsed)} MB, array buffers ${mb(after.arrayBuffers)} MB at the end`);
  console.log(
    `resident ${mb(before.rss)} MB before, ${mb(after.rss)} MB after, ${mb(peak)} MB at the peak: grew by ${mb(peak - before.rss)} MB`,
  );
  edge.disconnect();
  source.kill();
}

const [role, first = "", second = "", third = "1"] = positionals;
if (role === "origin") origin();
else if (role === "proxy") await proxy(Number(first));
else if (role === "client") {
  for (let time = 0; time < Number(third); time++) await clients(Number(first), Number(second), values.direction === "up");
  process.exit();
} else await measure();
