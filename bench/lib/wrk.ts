import { execFile } from "node:child_process";
import http from "node:http";
import https from "node:https";
import { promisify } from "node:util";
import type { Scratch } from "./scratch.ts";

const run = promisify(execFile);

/** What a browser sends, so that all proxies have a usual number of fields to handle. */
export const browser = {
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
  /** Over TLS, whose certificate is not checked. */
  readonly tls?: boolean;
  /** Fields in place of those of a browser, or beside them. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One run of wrk on one core. @throws when an answer is no success or a connection breaks */
export async function wrk(port: number, load: Load, scratch: Scratch, core = 1): Promise<LoadResult> {
  const { path, connections, seconds, postBytes, tls = false } = load;
  const script =
    postBytes === undefined
      ? []
      : ["-s", scratch.write(`post-${postBytes}.lua`, `wrk.method = "POST"\nwrk.body = string.rep("x", ${postBytes})\n`)];
  const fields = Object.entries({ ...browser, ...load.fields }).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
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
  const { stdout } = await run("taskset", [...args, `${tls ? "https" : "http"}://127.0.0.1:${port}${path}`]);
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

/** Resolves when a GET is answered with success. Over TLS the certificate is not checked. */
export async function serves(port: number, path = "/file", tls = false): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const status = await statusOf(port, path, tls);
      if (status >= 200 && status < 300) return;
      throw new Error(`status ${status}`);
    } catch (error) {
      if (tries === 300) throw new Error(`nothing answered ${path} at port ${port}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function statusOf(port: number, path: string, tls: boolean): Promise<number> {
  const options = { host: "127.0.0.1", port, path, agent: false, rejectUnauthorized: false } as const;
  return new Promise((resolve, reject) => {
    (tls ? https : http)
      .get(options, (answer) => {
        answer.resume().on("error", reject);
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      })
      .on("error", reject);
  });
}
