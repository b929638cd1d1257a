import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Scratch } from "./scratch.ts";

const run = promisify(execFile);

/** What a browser sends, so that all proxies have a usual number of fields to handle. */
const browser = {
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
  Accept: "text/html,*/*;q=0.8",
  "Accept-Encoding": "gzip, deflate, br",
  "Accept-Language": "en-GB,en;q=0.5",
  Cookie: "session=0123456789abcdef",
};

export interface Load {
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Bytes of a body; with it the request is a POST. */
  readonly postBytes?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One run of wrk on one core. @throws when an answer is no success or a connection breaks */
export async function wrk(port: number, load: Load, scratch: Scratch, core = 1): Promise<LoadResult> {
  const { path, connections, seconds, postBytes } = load;
  const script =
    postBytes === undefined
      ? []
      : ["-s", scratch.write(`post-${postBytes}.lua`, `wrk.method = "POST"\nwrk.body = string.rep("x", ${postBytes})\n`)];
  const fields = Object.entries(browser).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const args = [
    "-c",
    String(core),
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--timeout",
    "30s",
    "--latency",
    ...script,
    ...fields,
  ];
  const { stdout } = await run("taskset", [...args, `http://127.0.0.1:${port}${path}`]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  const [, requests, took, unit] = /(\d+) requests in ([\d.]+)(m?s)/.exec(stdout)!;
  return {
    requests: Number(requests),
    perSecond: Number(requests) / (Number(took) / (unit === "ms" ? 1000 : 1)),
    p50Ms: milliseconds(stdout, "50"),
    p99Ms: milliseconds(stdout, "99"),
  };
}

function milliseconds(text: string, percentile: string): number {
  const [, value, unit] = new RegExp(` ${percentile}%\\s+([\\d.]+)(us|ms|s|m)`).exec(text)!;
  return Number(value) * { us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit as "us" | "ms" | "s" | "m"];
}

/** Resolves when a GET is answered with success. */
export async function serves(port: number, path = "/file"): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      await answer.arrayBuffer();
      if (answer.ok) return;
      throw new Error(`status ${answer.status}`);
    } catch (error) {
      if (tries === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
