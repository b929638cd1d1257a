import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Automaton } from "./automaton.ts";
import { defaultLimits, type PatternLimits } from "./limits.ts";
import { type Anchoring, Program } from "./program.ts";

function automaton(sources: readonly string[], limits: Partial<PatternLimits> = {}, anchored: Anchoring = "whole") {
  const inForce = { ...defaultLimits, ...limits };
  const program = new Program(anchored, inForce);
  for (const source of sources) program.add(source);
  return { run: new Automaton(program, inForce), size: program.instructions.length };
}

/** A text of `a` and `b` in which nothing repeats. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 64 ? "a" : "b";
  }).join("");
}

const hostile: [source: string, text: (length: number) => string, matches: boolean][] = [
  ["(a+)+$", (length) => "a".repeat(length) + "!", false],
  ["(a|a)*b", (length) => "a".repeat(length), false],
  ["(.*a){20}", (length) => "a".repeat(length) + "b", false],
  ["(.*a){20}", (length) => "a".repeat(length), true],
  ["(x+x+)+y", (length) => "x".repeat(length), false],
  ["(?:a?){300}a{300}", (length) => "a".repeat(length), false],
  ["(([a-z])+.)+[A-Z]([a-z])+$", (length) => "a".repeat(length), false],
  ["(a|b)*a(a|b){200}c", noise, false],
];

describe("the work of a match", () => {
  test.each(hostile)("%s is bounded by the text's length times the pattern's size", (source, textOf, matches) => {
    for (const length of [1_000, 2_000, 4_000]) {
      // One state kept: nothing is remembered, so this is the worst that can happen.
      const { run, size } = automaton([source], { cachedStates: 1 });
      const text = textOf(length);
      expect(run.match(text).length > 0).toBe(matches);
      expect(run.work).toBeLessThanOrEqual((text.length + 1) * size);
    }
  });

  test("is nothing for a text whose states are known", () => {
    const { run } = automaton(["(a+)+b", "/.*"]);
    run.match("a".repeat(1_000));
    const before = run.work;
    run.match("a".repeat(100_000));
    expect(run.work).toBe(before);
  });

  test("does not grow with the number of routes once their states are known", () => {
    const { run } = automaton(Array.from({ length: 1_000 }, (_, i) => `/service-${i}/.*`));
    expect(run.match("/service-17/a")).toEqual([17]);
    const before = run.work;
    for (let i = 0; i < 100; i++) run.match("/service-17/" + "a".repeat(i + 1));
    expect(run.work).toBe(before);
  });

  test("for a new route among a thousand is a few looks at its own instructions, not at all of them", () => {
    const { run, size } = automaton(Array.from({ length: 1_000 }, (_, i) => `/service-${i}/.*`));
    run.match("/service-17/a");
    const before = run.work;
    expect(run.match("/service-18/a")).toEqual([18]);
    expect(run.work - before).toBeLessThan(size / 100);
  });

  test("ends where nothing more can be decided", () => {
    const whole = automaton(["/a.*", "/b"]).run;
    const search = automaton(["needle", "hay"], {}, "search").run;
    const begun = (run: Automaton): [number, readonly number[]] => [run.work, run.match("x".repeat(3))];
    expect(begun(whole)[1]).toEqual([]);
    expect(search.match("hay needle" + "\n".repeat(10))).toEqual([0, 1]);
    const before = [whole.work, search.work];
    // Characters that no state has met yet would cost work if they were read.
    whole.match("x/a/b-new");
    search.match("hay needle \u{1f600} hay ab");
    expect([whole.work, search.work]).toEqual(before);
  });
});

describe("the memory for states", () => {
  test("when it is full, the states are dropped and the answers stay right", () => {
    const sources = ["(a|b)*a(a|b){3}", "(a|b)*b(a|b){4}", "(ab|ba)*", "a*"];
    const native = sources.map((source) => new RegExp(`^(?:${source})$`, "u"));
    for (const limits of [{ cachedStates: 1 }, { cachedStates: 2 }, { cachedStates: 7 }, { cachedCells: 1 }, { cachedCells: 60 }]) {
      const { run } = automaton(sources, limits);
      fc.assert(
        fc.property(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 }), (text) => {
          expect(run.match(text)).toEqual(native.flatMap((one, index) => (one.test(text) ? [index] : [])));
        }),
        { numRuns: 300 },
      );
    }
  });

  test("never holds more states than the limit", () => {
    const { run } = automaton(["(a|b)*a(a|b){12}"], { cachedStates: 50 });
    let most = 0;
    for (let length = 0; length < 300; length++) {
      run.match(noise(length));
      most = Math.max(most, run.states);
    }
    expect(most).toBe(50);
  });

  test("never holds more numbers than the limit", () => {
    const { run } = automaton(["(a|b)*a(a|b){12}"], { cachedCells: 200 });
    let most = 0;
    for (let length = 0; length < 300; length++) {
      run.match(noise(length));
      most = Math.max(most, run.states);
    }
    // Each state has a row of three letters or more, and an instruction.
    expect(most).toBeGreaterThan(5);
    expect(most).toBeLessThanOrEqual(200 / 4);
  });

  test("has one state for one set of instructions, in whatever order they were come to", () => {
    const { run } = automaton(["(?:b*|(?:a|b)*a(?:a|b){2}|a*|(?:ba)*b?)*"]);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 30 }), (text) => void run.match(text)),
      { numRuns: 200 },
    );
    expect(run.states).toBeGreaterThan(4);
    expect(run.states).toBeLessThanOrEqual(8);
  });

  test("answers handed out before the states were dropped stay as they were", () => {
    const { run } = automaton(["a*", "(a|b)*"], { cachedStates: 2 });
    const kept = run.match("aa");
    run.match("abba");
    run.match("baab");
    expect(kept).toEqual([0, 1]);
  });
});
