import fc from "fast-check";
import { expect, test } from "vitest";
import { planChange } from "../src/change.ts";
import type { ProcessSpec } from "../src/index.ts";
import { withDefaults } from "../src/spec.ts";
import { openFleet, shell } from "./support.ts";

/** A set of up to six processes; the number after a name says what it runs, the grace is a setting that needs no restart. */
const sets = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    runs: fc.integer({ min: 1, max: 3 }),
    graceMs: fc.constantFrom(5_000, 6_000),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
);
type Written = { readonly name: string; readonly runs: number; readonly graceMs: number };
const specsOf = (set: readonly Written[]): ProcessSpec[] =>
  set.map(({ name, runs, graceMs }) => shell(name, `: ${runs}; exec sleep 300`, { stop: { graceMs } }));

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test(`what has to be done between two sets is each name once, and nothing between equal ones (seed ${seed})`, () => {
  const property = fc.property(sets, sets, (before, after) => {
    const known = new Map(specsOf(before).map((spec) => [spec.name, withDefaults(spec)]));
    const change = planChange(known, specsOf(after).map(withDefaults));
    const touched = [...change.added, ...change.replaced, ...change.updated].map(({ name }) => name);
    expect(new Set([...touched, ...change.removed]).size).toBe(touched.length + change.removed.length);
    for (const { name, runs, graceMs } of after) {
      const old = before.find((one) => one.name === name);
      const is = (list: readonly { readonly name: string }[]): boolean => list.some((one) => one.name === name);
      expect([is(change.added), is(change.replaced), is(change.updated)]).toEqual([
        old === undefined,
        old !== undefined && old.runs !== runs,
        old !== undefined && old.runs === runs && old.graceMs !== graceMs,
      ]);
    }
    expect(change.removed).toEqual(before.map(({ name }) => name).filter((name) => !after.some((one) => one.name === name)));
  });
  fc.assert(property, { seed, numRuns: 2_000 });
});

test(`for random pairs of sets, what did not change keeps its process, and applying the old one restores the table (seed ${seed})`, async () => {
  const property = fc.asyncProperty(sets, sets, async (before, after) => {
    await using fleet = openFleet(specsOf(before));
    const { supervisor } = fleet;
    await supervisor.start();
    const pids = (): Map<string, number | undefined> => new Map(supervisor.snapshot().map(({ name, pid }) => [name, pid]));
    const first = pids();
    await supervisor.apply(specsOf(after));
    const second = pids();
    expect([...second.keys()]).toEqual(after.map(({ name }) => name));
    for (const { name, runs } of after) {
      const kept = before.some((one) => one.name === name && one.runs === runs);
      expect([name, second.get(name) === first.get(name)]).toEqual([name, kept]);
    }
    await supervisor.apply(specsOf(before));
    expect(supervisor.snapshot().map(({ name, state }) => [name, state])).toEqual(before.map(({ name }) => [name, "up"]));
    expect(supervisor.specs).toEqual(specsOf(before));
  });
  await fc.assert(property, { seed, numRuns: 8, endOnFailure: true });
}, 60_000);
