import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Scratch } from "./scratch.ts";
import { browser, type LoadResult } from "./wrk.ts";

const run = promisify(execFile);

export interface Http2Load {
  readonly path: string;
  readonly connections: number;
  /** Requests of one connection at a time. */
  readonly streams: number;
  readonly seconds: number;
}

/** One run of h2load on one core, over TLS. @throws when an answer is no success */
export async function h2load(port: number, load: Http2Load, scratch: Scratch, core = 1): Promise<LoadResult> {
  const { path, connections, streams, seconds } = load;
  const log = scratch.write(`h2load-${port}.log`, "");
  const fields = Object.entries(browser).flatMap(([name, value]) => ["-H", `${name.toLowerCase()}: ${value}`]);
  const args = ["-c", String(core), "h2load", `-D${seconds}`, `-c${connections}`, `-m${streams}`, "-t1", `--log-file=${log}`, ...fields];
  const { stdout } = await run("taskset", [...args, `https://127.0.0.1:${port}${path}`]);
  const codes = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout);
  const protocol = /Application protocol: (\S+)/.exec(stdout)?.[1];
  if (!codes || codes.slice(2).some((count) => count !== "0") || protocol !== "h2") throw new Error(stdout);
  // Start, status and microseconds of each request.
  const micros = readFileSync(log, "latin1")
    .split("\n")
    .flatMap((line) => line.split("\t")[2] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const at = (share: number): number => (micros[Math.floor(micros.length * share)] ?? 0) / 1000;
  const requests = Number(codes[1]);
  return { requests, perSecond: requests / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}
