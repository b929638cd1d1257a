import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { Guarded } from "./liveness-guard.ts";
import { LivenessGuard } from "./liveness-guard.ts";
import type { ProbeResult } from "./probe.ts";
import type { ProcessSpec } from "./spec.ts";
import { withDefaults } from "./spec.ts";
import type { ProcessState } from "./state.ts";

function subject(name: string, state: ProcessState = "ready", more: Partial<ProcessSpec> = {}): Guarded {
  return { spec: withDefaults({ name, command: name, env: {}, ...more }), state };
}

const result = (ok: boolean, timedOut = false): ProbeResult => ({ at: 0, ok, timedOut, latencyMs: 1, reason: ok ? "" : "no" });

function bench(): { clock: FakeClock; guard: LivenessGuard<Guarded> } {
  const clock = new FakeClock();
  return { clock, guard: new LivenessGuard(() => clock.now()) };
}

describe("LivenessGuard", () => {
  test("lets one restart through, and the next only after half a minute", async () => {
    const { clock, guard } = bench();
    const web = subject("web");
    expect(guard.hold(web, [web])).toBeUndefined();
    await clock.advance(29_999);
    expect(guard.hold(web, [web])).toMatch(/a short while ago/);
    await clock.advance(1);
    expect(guard.hold(web, [web])).toBeUndefined();
  });

  test("holds back for ten seconds after timers came half a second late", async () => {
    const { clock, guard } = bench();
    const web = subject("web");
    guard.late(500);
    guard.late(501);
    expect(guard.hold(web, [web])).toMatch(/short of time/);
    await clock.advance(10_000);
    expect(guard.hold(web, [web])).toBeUndefined();
  });

  test("holds back once when most probes time out at the same time", () => {
    const { guard } = bench();
    const all = ["a", "b", "c"].map((name) => subject(name));
    for (const one of all.slice(0, 2)) guard.probed(one, result(false, true));
    expect(guard.hold(all[0]!, all), "two are too few to tell").toBeUndefined();
    guard.probed(all[2]!, result(true));
    expect(guard.hold(all[1]!, all)).toMatch(/most probes time out/);
    expect(guard.hold(all[1]!, all), "at the next look they are really not there").toBeUndefined();
  });

  test("does not count processes whose checks have ended", () => {
    const { guard } = bench();
    const all = ["a", "b", "c"].map((name) => subject(name));
    for (const one of all) guard.probed(one, result(false, true));
    guard.forget(all[2]!);
    expect(guard.hold(all[0]!, all)).toBeUndefined();
  });

  test.each<[ProcessState, boolean, boolean]>([
    ["ready", false, false],
    ["up", false, false],
    ["starting", false, true],
    ["backoff", false, true],
    ["backoff", true, false],
    ["disabled", false, false],
  ])("with the other replica %s (force: %s) holds back: %s", (state, force, holds) => {
    const { guard } = bench();
    const live = { probe: { kind: "tcp", host: "127.0.0.1", port: 1 }, force } as const;
    const one = subject("web-1", "ready", { replicaOf: "web", live });
    const other = subject("web-2", state, { replicaOf: "web", disabled: state === "disabled" });
    const stranger = subject("db", "ready");
    expect(guard.hold(one, [one, other, stranger]) !== undefined).toBe(holds);
  });
});
