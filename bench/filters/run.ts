/**
 * What each filter costs a request that it does nothing for, by itself: the filter is run many times over an exchange in memory, and what the same
 * loop takes without it is taken off. Set against the CPU time of a whole 1 KB GET, which `pnpm bench get` has measured. A difference of some
 * hundred nanoseconds is far below the noise of whole requests, and far above the noise of this.
 *
 *   node bench/filters/run.ts [--rounds 9] [--times 200000]
 *
 * Needs the built packages.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answering, MemoryExchange } from "../../internal/testkit/src/memory-exchange.ts";
import { compression, preflightCache, rateLimit, staticFiles } from "../../packages/filters/dist/index.js";
import { compose, type Handler, type Middleware, silentLogger, systemClock } from "../../packages/kernel/dist/index.js";
import { createMetrics } from "../../packages/metrics/dist/index.js";
import { shield, userAgentFilter } from "../../packages/shields/dist/index.js";
import { describeMachine } from "../lib/machine.ts";
import { ranged, save, spread, table } from "../lib/results.ts";
import { withScratch } from "../lib/scratch.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "9" }, times: { type: "string", default: "200000" } } });
const rounds = Number(values.rounds);
const times = Number(values.times);

const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const fields = [
  ["host", "example.test"],
  ["user-agent", agent],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-encoding", "gzip, deflate, br, zstd"],
  ["accept-language", "en-US,en;q=0.9"],
  ["cookie", "session=0123456789abcdef0123456789abcdef"],
] as const;
const answer = answering(200, [
  ["content-type", "application/octet-stream"],
  ["content-length", "1024"],
]);

const clock = systemClock;
const deps = { clock, log: silentLogger };
const metrics = createMetrics({ version: "0" }, deps);
const byAgent = userAgentFilter("bot");
const rules = [{ name: "curl", ua: "~^curl/", action: "block" }] as const;

/** Microseconds of CPU time of one pass of `path`. */
function passes(path: Handler): number {
  const before = process.cpuUsage();
  for (let count = 0; count < times; count++) {
    const exchange = new MemoryExchange({ path: "/file", fields, address: "198.51.100.9" });
    path(exchange);
    exchange.finish({ responseBytes: 1024 });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

interface Measured {
  readonly name: string;
  readonly micros: readonly number[];
}

/** The least CPU time of a whole request without filters, as last measured: what the program needs when nothing else goes on. */
function wholeRequest(): number {
  const file = join(import.meta.dirname, "../results/proxy.json");
  const figures: readonly Measured[] = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).get.figures : [];
  const bare = figures.find(({ name }) => name === "mothership, bare");
  return bare ? Math.min(...bare.micros) : 30;
}

await withScratch(async (scratch) => {
  scratch.write("static/file", "x");
  const filters: Record<string, Middleware> = {
    metrics: metrics.middleware,
    "rate limits": rateLimit({ clock, globalPerSecond: 1e9, perClientPerMinute: 1e9 }),
    "preflight cache": preflightCache({ clock, defaultTtlMs: 60_000, maxEntries: 1_000 }),
    "static folder, other prefix": staticFiles([{ path: scratch.path("static"), prefix: "/static" }], deps),
    "compression, of no use": compression({ clock }),
    "user agent route": (next) => (exchange) => (byAgent(exchange.fields.get("user-agent") ?? "") ? undefined : next(exchange)),
    "a rule of shields": shield(rules, { log: silentLogger }),
  };
  const paths: Record<string, Handler> = { bare: answer, "bare, once more": compose([], answer) };
  for (const [name, one] of Object.entries(filters)) paths[name] = compose([one], answer);
  paths["all of them"] = compose(Object.values(filters), answer);

  const machine = describeMachine();
  const costs: Record<string, number[]> = Object.fromEntries(Object.keys(paths).map((name) => [name, []]));
  for (const path of Object.values(paths)) passes(path);
  for (let round = 0; round < rounds; round++) {
    const bare = passes(answer);
    for (const [name, path] of Object.entries(paths)) costs[name]!.push((passes(path) - bare) * 1000);
  }
  const whole = wholeRequest();
  const rows = Object.entries(costs).map(([name, list]) => {
    const all = spread(list);
    return [name, ranged(all, 0), ((all.median / 1000 / whole) * 100).toFixed(1)];
  });
  const title = `Each filter by itself, on a request that it does nothing for (a whole request takes ${whole.toFixed(1)} us)`;
  const shown = table(["", "ns per request", "% of a whole request"], rows);
  console.log(`\n### ${title}\n\n${shown}\n`);
  save("filters", "alone", machine, { rounds, times }, costs, { title, table: shown });
});
