// Run with `node bench/decisions.ts`: what loading costs, and what one classification, fingerprint and decision cost.
import { Fields } from "@mothership/kernel";
import type { RequestFacts, ShieldRule } from "../src/index.ts";

const begun = performance.now();
const { classifyUserAgent, compileRules, decide, fingerprint, fingerprintParts } = await import("../src/index.ts");
const loaded = performance.now();
const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
classifyUserAgent(agent);
const first = performance.now();
console.log(
  `loading the package ${(loaded - begun).toFixed(1)} ms; first classification, with the list of bots, ${(first - loaded).toFixed(1)} ms`,
);

const rounds = 9;

/** Milliseconds of CPU time of this thread: what else the machine does must not count. */
function cpuNow(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds for one call, the median of some rounds after one to warm up. */
function steady(calls: number, work: (i: number) => unknown): string {
  const figures: number[] = [];
  let sum = 0;
  for (let round = 0; round <= rounds; round++) {
    const from = cpuNow();
    for (let i = 0; i < calls; i++) if (work(i) !== null) sum++;
    figures.push(((cpuNow() - from) * 1e6) / calls);
  }
  if (sum === 0) throw new Error("nothing was done");
  return `${figures
    .slice(1)
    .sort((a, b) => a - b)
    [rounds >> 1]!.toFixed(0)} ns`;
}

const pairs: [string, string][] = [
  ["Host", "example.test"],
  ["User-Agent", agent],
  ["Accept", "text/html,application/xhtml+xml"],
  ["Accept-Language", "en-US,en;q=0.9"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Cookie", "session=0123456789abcdef; theme=dark"],
];
const facts: RequestFacts = {
  method: "GET",
  version: "1.1",
  fields: Fields.from(pairs),
  userAgent: agent,
  address: "198.51.100.9",
  host: "example.test",
  path: "/shop/items/17",
};
// Each string is asked about once, as they come off a wire: a string that was asked about before knows its own hash.
const agents = Array.from({ length: 400_000 }, () => Buffer.from(agent).toString("latin1"));
for (let i = 0; i < agents.length / 2; i++) classifyUserAgent(agents[i]!);
const beforeRemembered = cpuNow();
for (let i = agents.length / 2; i < agents.length; i++) classifyUserAgent(agents[i]!);
console.log(`class of a remembered agent ${(((cpuNow() - beforeRemembered) * 1e6) / (agents.length / 2)).toFixed(0)} ns`);
let fresh = 0;
console.log(`class of a new agent ${steady(20_000, () => classifyUserAgent(`${agent} ${fresh++}`))}`);
console.log(
  `fingerprint, part a alone ${steady(100_000, () => fingerprintParts(facts).a)}; whole ${steady(50_000, () => fingerprint(facts))}`,
);

for (const count of [1, 10, 100, 1000]) {
  const kinds: ((i: number) => ShieldRule)[] = [
    (i) => ({ path: `/admin-${i}/.*`, action: "block" }),
    (i) => ({ ua: `~Agent${i}/`, action: "block" }),
    (i) => ({ cidr: `10.${i >> 8}.${i & 255}.0/24`, action: "block" }),
    () => ({ ua: "llm", action: "block" }),
  ];
  const set = compileRules(Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!(i)));
  const asked = steady(count > 100 ? 5_000 : count > 1 ? 50_000 : 500_000, () => decide(set, facts) === undefined);
  console.log(`${count} rules of four kinds, none of which matches: ${asked}`);
}
const byPrint = compileRules([{ ja4h: "_8ddaef5d77af", action: "block" }]);
console.log(`one rule by the hash of field names: ${steady(100_000, () => decide(byPrint, facts) === undefined)}`);
