// Run with `node bench/routes.ts`: what one match costs with one route and with a thousand, and what the first matches cost.
import { defaultLimits, PatternSet } from "../src/index.ts";

const rounds = 9;
const matchesPerRound = 400_000;

function texts(routes: number): string[] {
  const found: string[] = [];
  for (let i = 0; i < 10_000; i++) found.push(`/service-${(i * 7919) % routes}/users/${i % 100}/profile`);
  return found;
}

/** Nanoseconds for one match, the median of some rounds after one to warm up. */
function steady(set: PatternSet, paths: readonly string[]): number {
  const figures: number[] = [];
  let hits = 0;
  for (let round = 0; round <= rounds; round++) {
    const begun = performance.now();
    for (let i = 0; i < matchesPerRound; i++) hits += set.match(paths[i % paths.length]!).length;
    figures.push(((performance.now() - begun) * 1e6) / matchesPerRound);
  }
  if (hits === 0) throw new Error("nothing matched");
  return figures.slice(1).sort((a, b) => a - b)[rounds >> 1]!;
}

function timed<T>(work: () => T): [T, string] {
  const begun = performance.now();
  const result = work();
  return [result, `${(performance.now() - begun).toFixed(2)} ms`];
}

const sources = Array.from({ length: 1_000 }, (_, i) => `/service-${i}/.*`);
const one = new PatternSet(["/service-17/.*"]);
const [thousand, built] = timed(() => new PatternSet(sources));
const [, first] = timed(() => thousand.match("/service-17/users"));
const [, all] = timed(() => texts(1_000).forEach((path) => void thousand.match(path)));
console.log(`1,000 routes: construction ${built}, first match ${first}, first 10,000 matches over all routes ${all}`);

const same = ["/service-17/users/17/profile"];
const base = steady(one, same);
const rows: [string, number][] = [
  ["1 route, one path", base],
  ["1,000 routes, the same path", steady(thousand, same)],
  ["1 route that takes all, 10,000 paths", steady(new PatternSet(["/.*"]), texts(1_000))],
  ["1,000 routes, the same 10,000 paths", steady(thousand, texts(1_000))],
];
for (const [title, nanoseconds] of rows) console.log(`${title.padEnd(38)} ${nanoseconds.toFixed(0).padStart(5)} ns/match`);

const native = /^(?:\/service-17\/.*)$/u;
const begun = performance.now();
let hits = 0;
for (let i = 0; i < matchesPerRound; i++) hits += native.test(same[0]!) ? 1 : 0;
console.log(
  `${"native RegExp, one path".padEnd(38)} ${(((performance.now() - begun) * 1e6) / matchesPerRound).toFixed(0).padStart(5)} ns/match (${hits})`,
);

let seed = 1;
const random = (): number => (seed = (seed * 48271) % 2147483647);
const worst: [string, string[], (length: number) => string][] = [
  [
    "one pattern, a new state at every character",
    ["(a|b)*a(a|b){500}c"],
    (length) => Array.from({ length }, () => (random() % 2 ? "a" : "b")).join(""),
  ],
  [
    "1,000 patterns .*/item-N/.*, most characters a new state",
    Array.from({ length: 1_000 }, (_, i) => `.*/item-${i}/.*`),
    (length) => Array.from({ length: length / 10 }, () => `/item-${random() % 1_000}/`).join(""),
  ],
];
for (const [title, patterns, textOf] of worst) {
  for (const length of [4_000, 8_000, 16_000]) {
    const set = new PatternSet(patterns);
    const text = textOf(length);
    const [, time] = timed(() => set.match(text));
    console.log(`${title}: ${text.length} characters, ${time}`);
  }
}
console.log(`cache: ${defaultLimits.cachedStates} states, ${defaultLimits.cachedCells} cells`);
