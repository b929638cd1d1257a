/**
 * Messages per second, latency and memory per idle client: many clients on one bay on one socket, and the same clients on ws itself.
 *
 * Usage: node bench/bench.ts [clients=5000] [seconds=5] [bytes=64]. Server, bay and clients are three processes; on two cores they share.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";

const [clients = 5_000, seconds = 5, bytes = 64] = process.argv.slice(2).map(Number);

interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly cpuMs: number;
}

function start(file: string, ...args: string[]): ChildProcess {
  return fork(new URL(file, import.meta.url), args, { execArgv: ["--expose-gc"] });
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send({});
  const [usage] = await once(child, "message");
  return usage;
}

async function connect(port: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < clients) {
    const some = Array.from(
      { length: Math.min(200, clients - sockets.length) },
      () => new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false }),
    );
    await Promise.all(some.map((socket) => once(socket, "open")));
    sockets.push(...some);
  }
  return sockets;
}

/** Every client has one message under way all the time. */
async function echo(sockets: readonly WebSocket[]): Promise<{ readonly perSecond: number; readonly latencies: Float64Array }> {
  const message = Buffer.alloc(bytes, "x").toString();
  const latencies: number[] = [];
  let count = 0;
  let running = true;
  const begun = performance.now();
  for (const socket of sockets) {
    let sent = performance.now();
    socket.on("message", () => {
      const now = performance.now();
      count++;
      if (count % 16 === 0) latencies.push(now - sent);
      sent = now;
      if (running) socket.send(message);
    });
    socket.send(message);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  running = false;
  const perSecond = (count / (performance.now() - begun)) * 1_000;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { perSecond, latencies: Float64Array.from(latencies).sort() };
}

async function measure(name: string, server: ChildProcess, bay: ChildProcess | undefined): Promise<void> {
  const [{ port }] = await once(server, "message");
  const before = [await usageOf(server), bay && (await usageOf(bay))] as const;
  const sockets = await connect(port);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const idle = [await usageOf(server), bay && (await usageOf(bay))] as const;
  const { perSecond, latencies } = await echo(sockets);
  const after = [await usageOf(server), bay && (await usageOf(bay))] as const;
  const at = (share: number): string => `${latencies[Math.floor(latencies.length * share)]?.toFixed(1)} ms`;
  const each = (what: keyof Usage, side: 0 | 1): string =>
    `${(((idle[side]?.[what] ?? 0) - (before[side]?.[what] ?? 0)) / clients / 1_024).toFixed(1)} KiB`;
  const cpu = (side: 0 | 1): string => `${(((after[side]?.cpuMs ?? 0) - (idle[side]?.cpuMs ?? 0)) / seconds / 10).toFixed(0)} %`;
  console.log(`${name}: ${clients} clients, messages of ${bytes} bytes`);
  console.log(`  echoes per second  ${perSecond.toFixed(0)}`);
  console.log(`  latency            p50 ${at(0.5)}, p99 ${at(0.99)}`);
  console.log(
    `  idle client        server: rss ${each("rss", 0)}, heap ${each("heapUsed", 0)}${bay ? `; bay: rss ${each("rss", 1)}, heap ${each("heapUsed", 1)}` : ""}`,
  );
  console.log(`  CPU of one core    server: ${cpu(0)}${bay ? `; bay: ${cpu(1)}` : ""}`);
  for (const socket of sockets) socket.terminate();
  for (const child of [server, bay]) child?.kill("SIGKILL");
}

const folder = mkdtempSync(join(tmpdir(), "ms-"));
try {
  const path = join(folder, "bench.sock");
  const bay = start("bay.ts", path);
  await once(bay, "message");
  await measure("bay, version 2", start("edge.ts", "bay", path), bay);
  await measure("ws without a bay", start("edge.ts", "direct"), undefined);
} finally {
  rmSync(folder, { recursive: true });
}
