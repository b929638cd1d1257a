import { silentLogger } from "@mothership/kernel";
import { FakeClock, gate, settle } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { CheckPlan, Verdict } from "./check.ts";
import { openCheck, Places } from "./check.ts";
import type { ProbeFunction, ProbeResult } from "./probe.ts";

interface Bench {
  readonly clock: FakeClock;
  readonly results: { readonly at: number; readonly ok: boolean; readonly verdict: Verdict; readonly result: ProbeResult }[];
  readonly late: number[];
  open(plan: Partial<CheckPlan> & { readonly probe: ProbeFunction }, places?: Places): ReturnType<typeof openCheck>;
}

function bench(): Bench {
  const clock = new FakeClock();
  const results: Bench["results"] = [];
  const late: number[] = [];
  return {
    clock,
    results,
    late,
    open: (plan, places = new Places(32)) =>
      openCheck(
        { what: "check", initialDelayMs: 0, pauseMs: () => 1_000, timeoutMs: 200, successThreshold: 1, failureThreshold: 3, ...plan },
        { clock, log: silentLogger, random: () => 0.5, places, onLate: (ms) => late.push(ms) },
        (result, verdict) => results.push({ at: clock.now(), ok: result.ok, verdict, result }),
      ),
  };
}

/** A probe that gives these answers in turn: undefined passes, a text fails with it. */
function answers(...list: readonly (string | undefined)[]): ProbeFunction {
  let index = 0;
  return async () => {
    const answer = list[Math.min(index++, list.length - 1)];
    if (answer !== undefined) throw new Error(answer);
  };
}

describe("a check", () => {
  test("counts in a row: bad after three failures, good after one pass", async () => {
    const { clock, results, open } = bench();
    using _ = { [Symbol.dispose]: () => check.end() };
    const check = open({ probe: answers("a", "b", undefined, "c", "d", "e", "f", undefined) });
    await clock.advance(7_000);
    expect(results.map(({ verdict }) => verdict)).toEqual(["open", "open", "good", "open", "open", "bad", "bad", "good"]);
    expect(results[0]!.result).toMatchObject({ ok: false, reason: "a", timedOut: false });
  });

  test("may ask for several passes in a row", async () => {
    const { clock, results, open } = bench();
    const check = open({ probe: answers(undefined, "a", undefined, undefined), successThreshold: 2 });
    await clock.advance(3_000);
    expect(results.map(({ verdict }) => verdict)).toEqual(["open", "open", "open", "good"]);
    check.end();
  });

  test("waits before the first look, and from the end of one to the next, a little more or less", async () => {
    const { clock, results, open } = bench();
    const check = open({ probe: answers(undefined), initialDelayMs: 500, pauseMs: (count) => 100 * count });
    await clock.advance(2_000);
    expect(results.slice(0, 5).map(({ at }) => at)).toEqual([500, 600, 800, 1_100, 1_500]);
    check.end();
    expect(clock.pending).toBe(0);
  });

  test("fails a look that takes too long, aborts it, and goes on", async () => {
    const { clock, results, open } = bench();
    const aborted: unknown[] = [];
    const probe: ProbeFunction = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          aborted.push(signal.reason.message);
          reject(signal.reason);
        }),
      );
    const check = open({ probe });
    await clock.advance(1_300);
    expect(results.map(({ at, ok }) => [at, ok])).toEqual([[200, false]]);
    expect(results[0]!.result).toMatchObject({ timedOut: true, latencyMs: 200, reason: "check: the deadline of 200 ms passed" });
    await clock.advance(200);
    expect(aborted).toHaveLength(2);
    check.end();
  });

  test("does not hang on a probe that ignores its signal", async () => {
    const { clock, results, open } = bench();
    const check = open({ probe: () => new Promise(() => undefined) });
    await clock.advance(5_000);
    expect(results.at(-1)?.verdict).toBe("bad");
    check.end();
  });

  test("says nothing after its end, though a look was under way", async () => {
    const { clock, results, open } = bench();
    const held = gate();
    const check = open({ probe: () => held.opened });
    await clock.advance(10);
    check.end();
    held.open();
    await clock.advance(5_000);
    expect(results).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("looks at once when it is poked, but never twice at the same time", async () => {
    const { clock, results, open } = bench();
    const held = gate();
    let looks = 0;
    const check = open({
      probe: async () => {
        looks++;
        if (looks === 2) await held.opened;
      },
    });
    await clock.advance(0);
    check.poke();
    check.poke();
    await settle();
    expect(looks).toBe(2);
    held.open();
    await settle();
    expect(results).toHaveLength(2);
    await clock.advance(999);
    expect(looks).toBe(2);
    await clock.advance(1);
    expect(looks).toBe(3);
    check.end();
  });

  test("keeps to the places there are, whoever comes", async () => {
    const { clock, results, open } = bench();
    const places = new Places(2);
    const gates = [gate(), gate(), gate()];
    let inside = 0;
    let most = 0;
    const checks = gates.map(({ opened }) =>
      open(
        {
          probe: async () => {
            most = Math.max(most, ++inside);
            await opened;
            inside--;
          },
        },
        places,
      ),
    );
    await clock.advance(10);
    expect([inside, most]).toEqual([2, 2]);
    gates[0]!.open();
    await clock.advance(10);
    expect([inside, most]).toEqual([2, 2]);
    gates[1]!.open();
    gates[2]!.open();
    await clock.advance(10);
    expect(results).toHaveLength(3);
    for (const check of checks) check.end();
  });

  test("tells how late its timers were", async () => {
    const { clock, late, open } = bench();
    const check = open({ probe: answers(undefined), initialDelayMs: 100 });
    await clock.advance(100);
    expect(late).toEqual([0]);
    check.end();
  });
});
