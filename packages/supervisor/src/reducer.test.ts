import { describe, expect, test } from "vitest";
import type { Cause, CauseType, ProcessRecord } from "./record.ts";
import { newRecord } from "./record.ts";
import type { Step } from "./reducer.ts";
import { describeExit, reduce } from "./reducer.ts";
import type { ProcessSpec } from "./spec.ts";
import { withDefaults } from "./spec.ts";
import type { ProcessState } from "./state.ts";
import { processStates } from "./state.ts";
import { causeTypes, transition } from "./table.ts";

const service: ProcessSpec = { name: "web", command: "web", env: {} };

function step(record: ProcessRecord, cause: Cause, spec: Partial<ProcessSpec> = {}, now = 0): Step {
  return reduce(record, cause, { spec: withDefaults({ ...service, ...spec }), now, random: () => 0.5 });
}

function inState(state: ProcessState, change: Partial<ProcessRecord> = {}): ProcessRecord {
  const runs = state === "up" || state === "ready" || state === "unready" || state === "draining" || state === "stopping";
  const down = state === "disabled" || state === "stopped";
  return { ...newRecord(state === "disabled"), state, desired: down ? "stop" : "run", incarnation: 3, alive: runs, ...change };
}

function causeOf(type: CauseType, incarnation = 3): Cause {
  switch (type) {
    case "start":
    case "stop":
    case "restart":
    case "disable":
    case "enable":
    case "go":
      return { type };
    case "recycle":
      return { type, reason: "its dependency went down" };
    case "spawnFailed":
      return { type, incarnation, reason: "no such file", permanent: true };
    case "exited":
      return { type, incarnation, code: 1, signal: null, frozen: false };
    case "startupFailed":
    case "readyFailed":
    case "liveFailed":
      return { type, incarnation, reason: "status 500" };
    default:
      return { type, incarnation };
  }
}

// Where each cause leads from each state, for a service with no checks whose family, when it ends, is to be followed by nothing.
// biome-ignore format: a grid is read by column
const leadsTo: Readonly<Record<CauseType, readonly ProcessState[]>> = {
  //              disabled    waiting     backoff     starting    up          ready       unready     draining    stopping    sweeping    stopped     completed    failed
  start:         ["disabled", "waiting",  "waiting",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "waiting",  "waiting",   "waiting"],
  stop:          ["disabled", "stopped",  "stopped",  "stopping", "draining", "draining", "draining", "draining", "stopping", "sweeping", "stopped",  "completed", "stopped"],
  restart:       ["disabled", "waiting",  "waiting",  "stopping", "draining", "draining", "draining", "draining", "stopping", "sweeping", "waiting",  "waiting",   "waiting"],
  disable:       ["disabled", "disabled", "disabled", "stopping", "draining", "draining", "draining", "draining", "stopping", "sweeping", "disabled", "disabled",  "disabled"],
  enable:        ["stopped",  "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  recycle:       ["disabled", "waiting",  "backoff",  "stopping", "draining", "draining", "draining", "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  go:            ["disabled", "starting", "backoff",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  spawned:       ["disabled", "waiting",  "backoff",  "up",       "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  spawnFailed:   ["disabled", "waiting",  "backoff",  "backoff",  "up",       "ready",    "unready",  "draining", "sweeping", "sweeping", "stopped",  "completed", "failed"],
  exited:        ["disabled", "waiting",  "backoff",  "sweeping", "sweeping", "sweeping", "sweeping", "sweeping", "sweeping", "sweeping", "stopped",  "completed", "failed"],
  startupPassed: ["disabled", "waiting",  "backoff",  "ready",    "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  startupFailed: ["disabled", "waiting",  "backoff",  "stopping", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  readyPassed:   ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "ready",    "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  readyFailed:   ["disabled", "waiting",  "backoff",  "starting", "up",       "unready",  "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  liveFailed:    ["disabled", "waiting",  "backoff",  "starting", "draining", "draining", "draining", "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  delayElapsed:  ["disabled", "waiting",  "waiting",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  stableElapsed: ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  drained:       ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "stopping", "stopping", "sweeping", "stopped",  "completed", "failed"],
  graceElapsed:  ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "sweeping", "stopped",  "completed", "failed"],
  sweepElapsed:  ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "draining", "failed",   "failed",   "stopped",  "completed", "failed"],
  emptied:       ["disabled", "waiting",  "backoff",  "starting", "up",       "ready",    "unready",  "draining", "stopping", "stopped",  "stopped",  "completed", "failed"],
};

describe("the transition table", () => {
  test("leads where it should from every state by every cause", () => {
    expect(new Set(causeTypes)).toEqual(new Set(Object.keys(leadsTo)));
    const found = Object.fromEntries(
      causeTypes.map((type) => [type, processStates.map((state) => step(inState(state), causeOf(type)).record.state)]),
    );
    expect(found).toEqual(leadsTo);
  });

  test("changes nothing where a cause means nothing", () => {
    let cells = 0;
    for (const type of causeTypes)
      for (const state of processStates) {
        if (transition(state, type) !== "none") continue;
        const record = inState(state);
        expect(step(record, causeOf(type))).toEqual({ record, effects: [] });
        cells++;
      }
    expect(cells).toBeGreaterThan(100);
  });

  test("drops what carries another incarnation, in every state", () => {
    for (const type of causeTypes)
      for (const state of processStates) {
        const stale = causeOf(type, 2);
        if (!("incarnation" in stale)) continue;
        const record = inState(state);
        expect(step(record, stale)).toEqual({ record, effects: [] });
      }
  });
});

describe("saying that a process is about to be back", () => {
  const through = (record: ProcessRecord, ...causes: readonly (Cause | CauseType)[]): ProcessRecord =>
    causes.reduce(
      (one, cause) => step(one, typeof cause === "string" ? causeOf(cause, one.incarnation) : cause, { startup: { probe } }).record,
      record,
    );
  const probe = { kind: "tcp", host: "127.0.0.1", port: 80 } as const;

  test.each(["up", "ready", "unready"] as const)("begins where one that is %s is told to restart, and ends when it is back", (state) => {
    for (const cause of ["restart", "recycle"] as const) {
      const whole = [cause, "drained", "exited", "emptied", "go", "spawned", "startupPassed"] as const;
      const seen = whole.map((_, index) => through(inState(state), ...whole.slice(0, index + 1)));
      expect(seen.map(({ restarting }) => restarting)).toEqual([true, true, true, true, true, true, false]);
      expect(seen.at(-1)?.state).toBe("ready");
    }
  });

  test.each([
    ["a crash", ["exited"]],
    ["a stop", ["stop"]],
    ["a failed liveness check", ["liveFailed"]],
    ["a restart after a stop has begun", ["stop", "restart"]],
    ["a restart after a failed liveness check", ["liveFailed", "restart"]],
  ] as const)("does not begin with %s", (_, causes) => {
    expect(through(inState("ready"), ...causes).restarting).toBe(false);
  });

  test.each(["stopped", "backoff", "failed", "starting"] as const)("does not begin for one that is %s", (state) => {
    expect(through(inState(state), "restart").restarting).toBe(false);
  });

  const restarted = ["restart", "drained", "exited", "emptied", "go", "spawned"] as const;
  test.each([
    ["a crash before it is ready", [...restarted, "exited"]],
    ["a startup check that does not pass", [...restarted, "startupFailed"]],
    ["a command that cannot be started", [...restarted.slice(0, -1), "spawnFailed"]],
    ["a family that survives", ["restart", "drained", "exited", "sweepElapsed"]],
    ["a stop while it drains", ["restart", "stop"]],
    ["a stop while it waits", ["restart", "drained", "exited", "emptied", "stop"]],
    ["a stop while it starts", [...restarted, "stop"]],
    ["being switched off", ["restart", "disable"]],
  ] as const)("ends with %s", (_, causes) => {
    expect(through(inState("ready"), ...causes.slice(0, -1)).restarting).toBe(true);
    expect(through(inState("ready"), ...causes).restarting).toBe(false);
  });

  test("goes on when it is told to restart once more", () => {
    expect(through(inState("ready"), ...restarted, "restart")).toMatchObject({ state: "stopping", restarting: true });
  });
});

describe("restarting", () => {
  const crash = (record: ProcessRecord, spec: Partial<ProcessSpec> = {}, now = 0): ProcessRecord => {
    const swept = step({ ...record, state: "up", alive: true }, causeOf("exited"), spec, now).record;
    return step(swept, causeOf("emptied"), spec, now).record;
  };

  test("waits longer after each failure in a row, up to the cap", () => {
    const delays: number[] = [];
    let record = inState("up");
    for (let n = 0; n < 10; n++) {
      record = crash(record, { restart: { maxRestarts: 20 } }, n * 100_000);
      expect(record.state).toBe("backoff");
      delays.push(record.delayMs);
    }
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("is at once for the first crash after a stable run", () => {
    const calm = step(inState("ready", { failures: 4 }), causeOf("stableElapsed")).record;
    expect(calm.failures).toBe(0);
    const record = crash(calm);
    expect(record).toMatchObject({ state: "waiting", failures: 1, restarts: 1 });
  });

  test("raises the crash loop flag at five failures in a row, and clears it when stable", () => {
    let record = inState("up");
    for (let n = 0; n < 4; n++) record = crash(record, {}, n * 100_000);
    expect(record.crashLoop).toBe(false);
    record = crash(record, {}, 400_000);
    expect(record.crashLoop).toBe(true);
    expect(step({ ...record, state: "up" }, causeOf("stableElapsed")).record.crashLoop).toBe(false);
  });

  test("raises the crash loop flag at five failures within a minute, stable runs between them or not", () => {
    let record = inState("up", { recent: [0, 10_000, 20_000, 30_000], failures: 0 });
    record = crash(record, {}, 59_000);
    expect(record).toMatchObject({ crashLoop: true, failures: 1 });
    expect(crash(inState("up", { recent: [0, 10_000, 20_000, 30_000] }), {}, 61_000).crashLoop).toBe(false);
  });

  test("ends the set with the code of an essential process when its budget is spent", () => {
    const spec: Partial<ProcessSpec> = { essential: true, restart: { maxRestarts: 2 } };
    let record = inState("up");
    record = crash(record, spec);
    record = crash(record, spec);
    expect(record.state).toBe("backoff");
    const swept = step({ ...record, state: "up" }, { type: "exited", incarnation: 3, code: 7, signal: null, frozen: false }, spec).record;
    const { record: last, effects } = step(swept, causeOf("emptied"), spec);
    expect(last).toMatchObject({ state: "failed", reason: "exited with code 7; given up after 2 restarts" });
    expect(effects).toContainEqual({ type: "lost", exitCode: 7, reason: last.reason });
    const single = step(swept, causeOf("emptied"), { ...spec, restart: { maxRestarts: 1 } }).record;
    expect(single.reason).toBe("exited with code 7; given up after 1 restart");
  });

  test("goes on at the cap for one that is not essential, and shows it as degraded", () => {
    const record = crash(inState("up", { failures: 10 }));
    expect(record).toMatchObject({ state: "backoff", degraded: true, delayMs: 30_000 });
  });

  test("never follows a fatal exit code", () => {
    expect(crash(inState("up"), { restart: { fatalExitCodes: [1] } }).state).toBe("failed");
  });

  test("never: one crash ends the set", () => {
    const spec: Partial<ProcessSpec> = { essential: true, restart: { when: "never" } };
    const swept = step(inState("up"), { type: "exited", incarnation: 3, code: null, signal: "SIGKILL", frozen: false }, spec).record;
    const { record, effects } = step(swept, causeOf("emptied"), spec);
    expect(record.state).toBe("failed");
    expect(effects).toContainEqual({ type: "lost", exitCode: 137, reason: "was ended by SIGKILL" });
  });

  test.each([
    [0, 1],
    [1, 1],
    [125, 125],
    [126, 1],
    [255, 1],
  ])("turns exit code %i of a lost process into %i for the set", (code, exitCode) => {
    const spec: Partial<ProcessSpec> = { essential: true, restart: { when: "never", successExitCodes: [] } };
    const swept = step(inState("up"), { type: "exited", incarnation: 3, code, signal: null, frozen: false }, spec).record;
    expect(step(swept, causeOf("emptied"), spec).effects).toContainEqual(expect.objectContaining({ type: "lost", exitCode }));
  });

  test.each([
    ["on-failure", 0, "completed"],
    ["on-failure", 143, "completed"],
    ["on-failure", 1, "backoff"],
    ["never", 0, "completed"],
    ["never", 1, "failed"],
    ["always", 0, "backoff"],
  ] as const)("%s after exit code %i is %s", (when, code, state) => {
    const spec: Partial<ProcessSpec> = { restart: { when, successExitCodes: [0, 143] } };
    const swept = step(inState("up"), { type: "exited", incarnation: 3, code, signal: null, frozen: false }, spec).record;
    expect(swept.state).toBe("sweeping");
    expect(step(swept, causeOf("emptied"), spec).record.state).toBe(state);
  });

  test("does not count a failure while something it depends on is down", () => {
    const swept = step(inState("up", { failures: 3 }), { type: "exited", incarnation: 3, code: 1, signal: null, frozen: true }).record;
    expect(step(swept, causeOf("emptied")).record).toMatchObject({ state: "backoff", failures: 3, delayMs: 1_000 });
  });

  test("by hand forgets the failures and skips the delay", () => {
    expect(step(inState("backoff", { failures: 6, degraded: true }), causeOf("restart"))).toMatchObject({
      record: { state: "waiting", failures: 0, degraded: false },
      effects: [{ type: "cancel", name: "delay" }],
    });
  });

  test("by the supervisor itself keeps the failures", () => {
    expect(step(inState("up", { failures: 2 }), causeOf("recycle")).record).toMatchObject({
      state: "draining",
      next: "start",
      failures: 2,
    });
  });
});

describe("starting", () => {
  test("counts an essential process as lost at once when its command is not there at the first launch", () => {
    const first = step(inState("waiting", { incarnation: 0 }), { type: "go" }).record;
    const cause: Cause = { type: "spawnFailed", incarnation: 1, reason: "not found", permanent: true };
    expect(step(first, cause, { essential: true })).toMatchObject({
      record: { state: "failed" },
      effects: [{ type: "lost", exitCode: 1 }],
    });
    expect(step(first, { ...cause, permanent: false }, { essential: true }).record.state).toBe("backoff");
    expect(step(first, cause, { essential: false }).record.state).toBe("backoff");
  });

  test("tries on when the command of an essential process is gone at a later start", () => {
    const again = step(inState("waiting", { incarnation: 4 }), { type: "go" }).record;
    expect(
      step(again, { type: "spawnFailed", incarnation: 5, reason: "not found", permanent: true }, { essential: true }).record.state,
    ).toBe("backoff");
  });

  test("is not over before the startup check has passed", () => {
    const spec: Partial<ProcessSpec> = { ready: { probe: { kind: "tcp", host: "127.0.0.1", port: 80 } } };
    const spawned = step(inState("starting"), causeOf("spawned"), spec);
    expect(spawned).toMatchObject({ record: { state: "starting", alive: true }, effects: [{ type: "check", phase: "startup" }] });
    expect(step(spawned.record, causeOf("startupPassed"), spec).record.state).toBe("ready");
  });

  test("that does not pass its startup check in time is a failure", () => {
    const stopping = step(inState("starting", { alive: true }), causeOf("startupFailed")).record;
    expect(stopping).toMatchObject({ state: "stopping", next: "retry", failures: 1 });
    const swept = step(stopping, causeOf("exited")).record;
    expect(step(swept, causeOf("emptied")).record).toMatchObject({ state: "backoff", failures: 1 });
  });
});

describe("stopping", () => {
  test("drains first, then tells, then sweeps, with one grace", () => {
    const draining = step(inState("ready"), causeOf("stop"));
    expect(draining.effects.map(({ type }) => type)).toEqual(["stopChecks", "cancel", "drain"]);
    const stopping = step(draining.record, causeOf("drained"));
    expect(stopping.effects).toEqual([{ type: "endDrain" }, { type: "timer", name: "grace", ms: 10_000 }, { type: "terminate" }]);
    const sweeping = step(stopping.record, causeOf("exited"));
    expect(sweeping.effects).toEqual([{ type: "sweep" }]);
    expect(step(sweeping.record, causeOf("emptied"))).toMatchObject({ record: { state: "stopped", reason: "was told to stop" } });
  });

  test("is no failure whatever the exit code", () => {
    const sweeping = step(inState("stopping", { next: "stop", desired: "stop" }), causeOf("exited")).record;
    expect(sweeping.failures).toBe(0);
  });

  test("kills when the grace is over", () => {
    expect(step(inState("stopping"), causeOf("graceElapsed")).effects).toEqual([
      { type: "kill" },
      { type: "timer", name: "sweep", ms: 5_000 },
    ]);
  });

  test("reports a family that survives SIGKILL, and sweeps it again before another start", () => {
    const stuck = step(inState("sweeping", { next: "start" }), causeOf("sweepElapsed"), { essential: true });
    expect(stuck.record).toMatchObject({ state: "failed", stuck: true });
    expect(stuck.effects.map(({ type }) => type)).toEqual(["endSweep", "cancel", "stuck", "lost"]);
    for (const type of ["start", "stop", "disable"] as const) {
      const again = step(stuck.record, causeOf(type)).record;
      expect(again.state).toBe("sweeping");
      const state = { start: "waiting", stop: "stopped", disable: "disabled" }[type];
      expect(step(again, causeOf("emptied")).record).toMatchObject({ state, stuck: false });
    }
  });

  test("is overtaken by a later command, whichever comes last", () => {
    const stopping = inState("stopping", { next: "stop", desired: "stop" });
    const started = step(stopping, causeOf("start")).record;
    expect(started).toMatchObject({ state: "stopping", next: "start", desired: "run" });
    expect(step(started, causeOf("stop")).record).toMatchObject({ next: "stop", desired: "stop" });
    const disabled = step(started, causeOf("disable")).record;
    expect(step(disabled, causeOf("enable")).record).toMatchObject({ next: "stop", desired: "stop" });
    expect(step(started, causeOf("enable")).record).toMatchObject({ next: "start", desired: "run" });
  });

  test("describes how a process ended", () => {
    expect(describeExit(3, null)).toBe("exited with code 3");
    expect(describeExit(null, "SIGSEGV")).toBe("was ended by SIGSEGV");
  });
});
