import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArrivalPolicy, judge, type LaunchRecord, type Verdict } from "./verdict.ts";

const arrivalWindowMs = 60_000;
const policy = (changes: Partial<ArrivalPolicy>): ArrivalPolicy => ({
  explicit: true,
  arrivalWindowMs,
  onFlagshipLoss: "abort",
  token: "mine",
  ...changes,
});
const record = (state: LaunchRecord["state"], ageMs: number, token = "theirs"): LaunchRecord => ({
  id: "1",
  launch: "l",
  state,
  holder: "a pid 1",
  token,
  reason: "",
  ageMs,
});
const fresh = arrivalWindowMs - 1;
const stale = arrivalWindowMs;

describe("judge", () => {
  // state, age, locked, explicit, on loss, verdict
  test.each<[LaunchRecord["state"] | undefined, number, boolean, boolean, "abort" | "takeover", Verdict]>([
    [undefined, 0, false, true, "abort", "wait"],
    [undefined, 0, true, true, "abort", "begin"],
    ["running", fresh, false, true, "abort", "join"],
    ["running", stale, false, true, "abort", "join"],
    ["running", fresh, false, true, "takeover", "join"],
    ["running", fresh, true, true, "abort", "bury"],
    ["running", stale, true, true, "abort", "begin"],
    ["running", fresh, true, true, "takeover", "inherit"],
    ["running", stale, true, true, "takeover", "inherit"],
    ["ready", fresh, false, true, "abort", "join"],
    ["ready", stale, false, true, "abort", "join"],
    ["ready", stale, true, true, "abort", "join"],
    ["ready", fresh, false, false, "abort", "join"],
    ["ready", fresh, true, false, "abort", "join"],
    ["ready", stale, false, false, "abort", "wait"],
    ["ready", stale, true, false, "abort", "begin"],
    ["aborted", fresh, false, true, "abort", "join"],
    ["aborted", fresh, true, true, "takeover", "join"],
    ["aborted", stale, false, true, "abort", "wait"],
    ["aborted", stale, true, true, "abort", "begin"],
    ["aborted", stale, true, false, "takeover", "begin"],
  ])("of %s after %d ms, locked %s, explicit %s, on loss %s: %6$s", (state, ageMs, locked, explicit, onFlagshipLoss, verdict) => {
    const known = state === undefined ? undefined : record(state, ageMs);
    expect(judge(known, locked, policy({ explicit, onFlagshipLoss }))).toBe(verdict);
  });

  test("goes on with a record of its own that it lost sight of, whatever the policy", () => {
    expect(judge(record("running", 10, "mine"), true, policy({}))).toBe("inherit");
    expect(judge(record("running", 10, "mine"), false, policy({}))).toBe("join");
  });

  test("never works without the lock, and never waits with it", () => {
    const known = fc.option(
      fc.record({
        state: fc.constantFrom("running", "ready", "aborted"),
        ageMs: fc.nat(120_000),
        token: fc.constantFrom("mine", "theirs"),
      }),
      { nil: undefined },
    );
    const loss = fc.constantFrom("abort", "takeover");
    fc.assert(
      fc.property(known, fc.boolean(), fc.boolean(), loss, (seen, locked, explicit, onFlagshipLoss) => {
        const verdict = judge(seen && record(seen.state, seen.ageMs, seen.token), locked, policy({ explicit, onFlagshipLoss }));
        expect(locked ? ["join", "begin", "inherit", "bury"] : ["join", "wait"]).toContain(verdict);
      }),
    );
  });
});
