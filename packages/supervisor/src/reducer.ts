import { constants } from "node:os";
import { backoffDelay } from "@mothership/kernel";
import type { Cause, Effect, Next, ProcessRecord } from "./record.ts";
import type { CompleteSpec } from "./spec.ts";
import type { Transition } from "./table.ts";
import { transition } from "./table.ts";

/** From SIGKILL until a family that is not empty counts as stuck. */
export const sweepLimitMs = 5_000;

/** What a step depends on besides the record and the cause. */
export interface Circumstances {
  readonly spec: CompleteSpec;
  /** Milliseconds of a clock that does not go back. */
  readonly now: number;
  readonly random: () => number;
}

export interface Step {
  readonly record: ProcessRecord;
  readonly effects: readonly Effect[];
}

/**
 * The life of a process as a function.
 *
 * 1. A wish (`start`) takes it to waiting; `go` comes when its dependencies allow it, and the command is started.
 * 2. Its startup check, if any, makes it ready; without one it is up.
 * 3. To end it, it is drained, told, and when the process itself has gone its family is swept. Every way down leads through sweeping, a
 *    crash too: nothing is started beside the rest of an earlier incarnation.
 * 4. What comes then was noted in `next`: nothing, another start at once, or, after a failure, a start after a delay.
 */
export function reduce(record: ProcessRecord, cause: Cause, circumstances: Circumstances): Step {
  if ("incarnation" in cause && cause.incarnation !== record.incarnation) return { record, effects: [] };
  const name = transition(record.state, cause.type);
  const step = transitions[name](record, cause, circumstances);
  const restarting = (name === "drain" || record.restarting) && comesBack(step.record);
  return restarting === step.record.restarting ? step : { ...step, record: { ...step.record, restarting } };
}

/** On its way down and up again: neither there yet nor held up by a failure or another wish. */
function comesBack({ state, next }: ProcessRecord): boolean {
  if (state === "draining" || state === "stopping" || state === "sweeping") return next === "start";
  return state === "waiting" || state === "starting";
}

type Apply = (record: ProcessRecord, cause: Cause, circumstances: Circumstances) => Step;

const transitions: Readonly<Record<Transition, Apply>> = {
  none: (record) => ({ record, effects: [] }),
  mark: (record, cause) => to(record, { desired: wishOf(cause) }),
  forget: (record) => to(record, { desired: "run", ...forgotten }),

  queue: (record, cause) => {
    const wish = cause.type === "delayElapsed" ? {} : forgotten;
    if (record.stuck) return sweepAgain({ ...record, ...wish, desired: "run", next: "start" });
    return to(record, { ...wish, state: "waiting", desired: "run", reason: reasonOf(cause) }, [{ type: "cancel", name: "delay" }]);
  },
  rest: (record, cause) => {
    if (record.stuck) return sweepAgain({ ...record, desired: "stop", next: "stop" });
    return to(record, { state: "stopped", desired: "stop", reason: reasonOf(cause) }, [{ type: "cancel", name: "delay" }]);
  },
  off: (record, cause) => {
    if (record.stuck) return sweepAgain({ ...record, desired: "stop", next: "disable" });
    return to(record, { state: "disabled", desired: "stop", reason: reasonOf(cause) }, [{ type: "cancel", name: "delay" }]);
  },

  launch: (record) =>
    to(record, { state: "starting", incarnation: record.incarnation + 1, stable: false, fatal: false, reason: "started" }, [
      { type: "spawn" },
    ]),
  run: (record, _cause, { spec }) => {
    if (spec.startup) return to(record, { alive: true }, [{ type: "check", phase: "startup" }]);
    return to(record, { alive: true, state: "up", reason: "runs" }, [
      { type: "check", phase: "running" },
      { type: "timer", name: "stable", ms: spec.restart.stableMs },
    ]);
  },
  unborn: (record, cause, circumstances) => {
    const permanent = cause.type === "spawnFailed" && cause.permanent && circumstances.spec.essential && record.incarnation === 1;
    const failed = failure(record, circumstances, { reason: reasonOf(cause), exitCode: 1, fatal: permanent });
    return retry(failed, circumstances);
  },
  pass: (record, _cause, { spec }) =>
    to(record, { state: "ready", reason: "startup check passed" }, [
      { type: "stopChecks" },
      { type: "check", phase: "running" },
      { type: "timer", name: "stable", ms: spec.restart.stableMs },
    ]),
  good: (record, _cause, { spec }) =>
    to(record, { state: "ready", reason: "readiness check passed" }, [{ type: "timer", name: "stable", ms: spec.restart.stableMs }]),
  bad: (record, cause) => to(record, { state: "unready", reason: reasonOf(cause) }, [{ type: "cancel", name: "stable" }]),
  calm: (record) => to(record, { stable: true, ...forgotten, crashLoop: false, recent: [] }),

  leave: (record, cause, circumstances) => {
    const leaving = parting(record, cause, circumstances);
    return to(leaving, { state: "stopping" }, [{ type: "stopChecks" }, ...telling(circumstances)]);
  },
  drain: (record, cause, circumstances) => {
    const leaving = parting(record, cause, circumstances);
    return to(leaving, { state: "draining" }, [{ type: "stopChecks" }, { type: "cancel", name: "stable" }, { type: "drain" }]);
  },
  tell: (record, _cause, circumstances) => to(record, { state: "stopping" }, [{ type: "endDrain" }, ...telling(circumstances)]),
  divert: (record, cause) => {
    // Only what is being switched off can be switched on again.
    if (cause.type === "enable") return to(record, record.next === "disable" ? { next: "stop" } : {});
    const wish = wishOf(cause) === "run" ? forgotten : {};
    return to(record, { ...wish, desired: wishOf(cause), next: nextOf(cause), reason: reasonOf(cause) });
  },

  die: (record, cause, circumstances) => {
    const { restart, stop } = circumstances.spec;
    const effects: Effect[] = [
      { type: "stopChecks" },
      { type: "cancel", name: "stable" },
      { type: "timer", name: "grace", ms: stop.graceMs },
      { type: "sweep" },
    ];
    if (cause.type !== "exited") return to(record, {});
    const { code } = cause;
    const ended = { ...record, alive: false };
    const success = code !== null && restart.successExitCodes.includes(code);
    if (success && restart.when !== "always") return to(ended, { state: "sweeping", next: "complete", reason: reasonOf(cause) }, effects);
    const fatal = code !== null && restart.fatalExitCodes.includes(code);
    const failed = failure(ended, circumstances, { reason: reasonOf(cause), exitCode: exitCodeOf(cause), fatal, frozen: cause.frozen });
    return to(failed, { state: "sweeping", next: "retry" }, effects);
  },
  gone: (record, _cause, { spec }) => {
    // Gone before it was told to: the grace of the others begins now.
    const grace: Effect[] =
      record.state === "draining" ? [{ type: "endDrain" }, { type: "timer", name: "grace", ms: spec.stop.graceMs }] : [];
    return to(record, { state: "sweeping", alive: false }, [...grace, { type: "sweep" }]);
  },
  bury: (record) => to(record, { alive: false }),
  kill: (record) => to(record, {}, [{ type: "kill" }, { type: "timer", name: "sweep", ms: sweepLimitMs }]),

  settle: (record, _cause, circumstances) => {
    const done: Effect[] = [
      { type: "cancel", name: "grace" },
      { type: "cancel", name: "sweep" },
    ];
    const clean = { ...record, stuck: false, alive: false };
    switch (record.next) {
      case "stop":
        return to(clean, { state: "stopped" }, done);
      case "disable":
        return to(clean, { state: "disabled", reason: "disabled" }, done);
      case "complete":
        return to(clean, { state: "completed" }, done);
      case "start":
        return to(clean, { state: "waiting", restarts: record.restarts + 1 }, done);
      case "retry": {
        const step = retry(clean, circumstances);
        return { record: step.record, effects: [...done, ...step.effects] };
      }
    }
  },
  stick: (record, _cause, { spec }) => {
    const reason = "processes of its family survived SIGKILL";
    const effects: Effect[] = [{ type: "endSweep" }, { type: "cancel", name: "grace" }, { type: "stuck" }];
    if (spec.essential && record.desired === "run") effects.push({ type: "lost", exitCode: 1, reason });
    return to(record, { state: "failed", stuck: true, reason }, effects);
  },
};

const forgotten = { failures: 0, degraded: false } as const;

function to(record: ProcessRecord, change: Partial<ProcessRecord>, effects: readonly Effect[] = []): Step {
  return { record: { ...record, ...change }, effects };
}

function telling({ spec }: Circumstances): readonly Effect[] {
  return [{ type: "timer", name: "grace", ms: spec.stop.graceMs }, { type: "terminate" }];
}

/** The family is still there from an earlier try to end it: it goes before anything else happens. */
function sweepAgain(record: ProcessRecord): Step {
  return to(record, { state: "sweeping", reason: "ending what was left" }, [{ type: "timer", name: "grace", ms: 0 }, { type: "sweep" }]);
}

/** On the way down because of `cause`. */
function parting(record: ProcessRecord, cause: Cause, circumstances: Circumstances): ProcessRecord {
  const reason = reasonOf(cause);
  const next = nextOf(cause);
  if (next === "retry") return { ...failure(record, circumstances, { reason, exitCode: 1, fatal: false }), next };
  // A recycle is the supervisor's own idea: it neither forgives nor counts.
  const wish = cause.type === "restart" ? forgotten : {};
  return { ...record, ...wish, next, desired: wishOf(cause), reason };
}

interface Failure {
  readonly reason: string;
  readonly exitCode: number;
  readonly fatal: boolean;
  readonly frozen?: boolean;
}

/** The failure counted. */
function failure(record: ProcessRecord, { spec, now }: Circumstances, { reason, exitCode, fatal, frozen = false }: Failure): ProcessRecord {
  const { crashLoopFailures, crashLoopPeriodMs, when } = spec.restart;
  const noted = { ...record, reason, exitCode, fatal: fatal || when === "never" };
  if (frozen) return noted;
  const failures = record.failures + 1;
  const recent = [...record.recent.filter((at) => at > now - crashLoopPeriodMs), now].slice(-crashLoopFailures);
  return { ...noted, failures, recent, crashLoop: record.crashLoop || failures >= crashLoopFailures || recent.length >= crashLoopFailures };
}

/** After a failure, with nothing left of it: again, later, or never. */
function retry(record: ProcessRecord, { spec, random }: Circumstances): Step {
  const { restart, essential } = spec;
  const spent = record.failures > restart.maxRestarts;
  if (record.fatal || (spent && essential)) {
    const reason = record.fatal
      ? record.reason
      : `${record.reason}; given up after ${restart.maxRestarts} ${restart.maxRestarts === 1 ? "restart" : "restarts"}`;
    return to(record, { state: "failed", reason }, essential ? [{ type: "lost", exitCode: record.exitCode, reason }] : []);
  }
  const change = { degraded: spent, restarts: record.restarts + 1 };
  // Right after a stable run there is no storm to slow down.
  if (record.stable && record.failures <= 1) return to(record, { ...change, state: "waiting" });
  const delayMs = backoffDelay(record.failures, restart, random);
  return to(record, { ...change, state: "backoff", delayMs }, [{ type: "timer", name: "delay", ms: delayMs }]);
}

function wishOf(cause: Cause): "run" | "stop" {
  return cause.type === "stop" || cause.type === "disable" ? "stop" : "run";
}

function nextOf(cause: Cause): Next {
  switch (cause.type) {
    case "stop":
    case "disable":
      return cause.type;
    case "startupFailed":
    case "liveFailed":
      return "retry";
    default:
      return "start";
  }
}

/** 1 to 125 as they are, 128 + n after a signal, else 1: what a shell would make of it. */
function exitCodeOf({ code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): number {
  if (signal !== null) return 128 + constants.signals[signal];
  return code !== null && code >= 1 && code <= 125 ? code : 1;
}

function reasonOf(cause: Cause): string {
  switch (cause.type) {
    case "start":
    case "restart":
      return `${cause.type} was asked for`;
    case "stop":
      return "was told to stop";
    case "disable":
      return "disabled";
    case "enable":
      return "enabled, not started yet";
    case "exited":
      return describeExit(cause.code, cause.signal);
    case "delayElapsed":
      return "the delay before the next try has passed";
    case "recycle":
    case "spawnFailed":
    case "startupFailed":
    case "readyFailed":
    case "liveFailed":
      return cause.reason;
    default:
      return cause.type;
  }
}

/** How a process ended, in words. */
export function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code ?? "unknown"}` : `was ended by ${signal}`;
}
