/**
 * Runs benchmarks by topic, says what is missing, and puts the tables into docs/performance.md.
 *
 *   pnpm bench                    all of them, one after the other: an hour or so
 *   pnpm bench --list             what there is
 *   pnpm bench get tls            some of them
 *   pnpm bench get -- --rounds 9  with options of its script
 *   pnpm bench --quick            one short round of each: to see that all runs, not to measure
 *
 * Figures go to bench/results/*.json. With --quick nothing is kept.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { need, suggest } from "./lib/machine.ts";
import { writeTables } from "./tables.ts";

interface Topic {
  readonly about: string;
  /** Script below bench, and its options. */
  readonly command: readonly string[];
  /** Options for `--quick`. */
  readonly quick: readonly string[];
}

const proxy = (about: string, name: string): Topic => ({
  about,
  command: ["proxy/run.ts", "--only", name],
  quick: ["--rounds", "1", "--seconds", "1", "--connections", "8"],
});

const topics: Readonly<Record<string, Topic>> = {
  get: proxy("GET of 1 KB over keep-alive", "get"),
  "64k": proxy("GET of 64 KB", "64k"),
  post: proxy("POST of 10 KB", "post"),
  "post-64k": proxy("POST of 64 KB", "post-64k"),
  download: proxy("GET of 100 MB", "download"),
  upload: proxy("POST of 100 MB", "upload"),
  connections: proxy("a new connection for each request", "connections"),
  tls: proxy("GET of 1 KB over TLS", "tls"),
  "tls-connections": proxy("a new TLS connection for each request", "tls-connections"),
  http2: proxy("GET of 1 KB over HTTP/2", "http2"),
  compressed: proxy("16 KB of text, compressed by the proxy", "compressed"),
  static: proxy("a file of 1 KB that the proxy serves itself", "static"),
  routes: proxy("1, 100 and 1,000 routes", "routes"),
  filters: proxy("what each filter costs", "filters"),
  "filters-alone": {
    about: "what each filter costs by itself",
    command: ["filters/run.ts"],
    quick: ["--rounds", "1", "--times", "1000"],
  },
  tunnel: proxy("WebSocket through a tunnel", "tunnel"),
  docked: proxy("WebSocket by way of a bay", "docked"),
  idle: {
    about: "memory of idle connections and WebSockets",
    command: ["proxy/idle.ts"],
    quick: ["--keep-alive", "200", "--websockets", "100", "--seconds", "1"],
  },
  threads: {
    about: "one thread of the edge and two",
    command: ["threads/run.ts"],
    quick: ["--rounds", "1", "--seconds", "1", "--connections", "8"],
  },
  docking: {
    about: "100, 1,000 and 5,000 clients of a bay",
    command: ["docking/run.ts"],
    quick: ["--rounds", "1", "--seconds", "1", "--clients", "100"],
  },
  "slow-client": {
    about: "a client of a bay that does not read",
    command: ["docking/slow-client.ts"],
    quick: ["--rounds", "1", "--seconds", "1", "--clients", "100"],
  },
  restart: { about: "crash to new process", command: ["supervision/run.ts", "--only", "restart"], quick: ["--kills", "2"] },
  stop: { about: "start and stop of 100", command: ["supervision/run.ts", "--only", "stop"], quick: ["--rounds", "1"] },
  "idle-ships": { about: "memory of 50 idle ships", command: ["supervision/run.ts", "--only", "idle"], quick: [] },
  logs: { about: "200 MB of lines", command: ["supervision/run.ts", "--only", "logs"], quick: ["--rounds", "1"] },
  churn: { about: "what 1,000 restarts and reloads leave behind", command: ["supervision/churn.ts"], quick: ["--times", "20"] },
  start: {
    about: "cold start of commands, an idle mothership",
    command: ["start/run.ts"],
    quick: ["--rounds", "2", "--idle-seconds", "1"],
  },
  http1: { about: "the codec alone as a proxy", command: ["http1/run.ts"], quick: ["--rounds", "1", "--seconds", "1"] },
};

const { values, positionals, tokens } = parseArgs({
  options: { list: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
  allowPositionals: true,
  tokens: true,
});
const dashes = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? Infinity;
const chosen = tokens.flatMap((token) => (token.kind === "positional" && token.index < dashes ? [token.value] : []));
const own = positionals.slice(chosen.length);

if (values.list) {
  for (const [name, { about }] of Object.entries(topics)) console.log(`${name.padEnd(16)} ${about}`);
  process.exit(0);
}
const unknown = chosen.filter((name) => !topics[name]);
if (unknown.length > 0) {
  console.error(`no topic ${unknown.join(", ")}; pnpm bench --list says which there are`);
  process.exit(2);
}
if (process.platform !== "linux") {
  console.error("the benchmarks read /proc and pin processes to cores: they need Linux");
  process.exit(1);
}
need("taskset", "wrk", "nginx");
suggest("haproxy", "caddy", "h2load", "runsvdir", "s6-svscan", "supervisord");

const folder = import.meta.dirname;
const failed: string[] = [];
for (const name of chosen.length > 0 ? chosen : Object.keys(topics)) {
  const { about, command, quick } = topics[name]!;
  console.log(`\n# ${name}: ${about}`);
  const [script = "", ...options] = command;
  const results = join(folder, "results", `${script.split("/")[0]}.json`);
  const before = values.quick && existsSync(results) ? readFileSync(results) : undefined;
  const args = [join(folder, script), ...options, ...(values.quick ? quick : []), ...own];
  if (spawnSync(process.execPath, args, { stdio: "inherit" }).status !== 0) failed.push(name);
  if (before) writeFileSync(results, before);
}
if (!values.quick) console.log(`\n${writeTables()} tables of docs/performance.md are new`);
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exit(1);
}
