import type { Check, CheckDeps, CheckPlan, Verdict } from "./check.ts";
import { openCheck } from "./check.ts";
import type { CheckSpec, Probe, ProbeResult, StartupSpec } from "./probe.ts";
import type { ProbeSubject } from "./probes.ts";
import { isAnnouncement, probeFunction, probesOf } from "./probes.ts";
import type { Cause } from "./record.ts";
import type { CompleteSpec } from "./spec.ts";

export type CheckKind = "startup" | "ready" | "live";

/** Results of each check that are kept. */
const kept = 10;

const startupDefaults = {
  initialDelayMs: 0,
  firstPauseMs: 100,
  intervalMs: 1_000,
  growth: 1.5,
  timeoutMs: 2_000,
  limitMs: 60_000,
} as const;
const readyDefaults = { intervalMs: 5_000, timeoutMs: 2_000 } as const;
const liveDefaults = { intervalMs: 10_000, timeoutMs: 5_000 } as const;

/** Hears what the checks of one incarnation find. */
export interface CheckListener {
  result(kind: CheckKind, result: ProbeResult, verdict: Verdict): void;
  /** The startup check has not passed in time; the reason says what it found last. */
  late(reason: string): void;
}

/** What a result means for the process, if it means anything new. */
export function causeOf(check: CheckKind, { reason }: ProbeResult, verdict: Verdict, incarnation: number): Cause | undefined {
  if (check === "startup") return verdict === "good" ? { type: "startupPassed", incarnation } : undefined;
  if (verdict === "bad")
    return check === "ready"
      ? { type: "readyFailed", incarnation, reason: `readiness check failed: ${reason}` }
      : { type: "liveFailed", incarnation, reason: `liveness check failed: ${reason}` };
  return check === "ready" && verdict === "good" ? { type: "readyPassed", incarnation } : undefined;
}

/** The checks of one process: which of them run now, and the last results of each. */
export class ProcessChecks {
  readonly #deps: CheckDeps;
  readonly #history: Record<CheckKind, readonly ProbeResult[]> = { startup: [], ready: [], live: [] };
  #running: Check[] = [];
  #limit: Disposable | undefined;

  constructor(deps: CheckDeps) {
    this.#deps = deps;
  }

  /** Latest first. */
  get history(): Readonly<Record<CheckKind, readonly ProbeResult[]>> {
    return { ...this.#history };
  }

  startStartup({ name, startup }: CompleteSpec, subject: ProbeSubject, listener: CheckListener): void {
    this.end();
    this.#history.startup = [];
    if (!startup) return;
    this.#open("startup", startupPlan(name, startup, subject), listener);
    const limitMs = startup.limitMs ?? startupDefaults.limitMs;
    this.#limit = this.#deps.clock.timer(limitMs, () => {
      const [last] = this.#history.startup;
      listener.late(`startup check did not pass within ${limitMs / 1_000} s${last ? `: ${last.reason}` : ""}`);
    });
  }

  startRunning({ name, ready, live }: CompleteSpec, subject: ProbeSubject, listener: CheckListener): void {
    this.end();
    const readyProbes = lasting(ready);
    if (ready && readyProbes.length > 0)
      this.#open("ready", plan(`readiness check of "${name}"`, ready, readyProbes, readyDefaults, subject), listener);
    const liveProbes = lasting(live);
    if (live && liveProbes.length > 0)
      this.#open("live", plan(`liveness check of "${name}"`, live, liveProbes, liveDefaults, subject), listener);
  }

  /** Something happened that may have changed the answer: look now. */
  poke(): void {
    for (const check of this.#running) check.poke();
  }

  end(): void {
    this.#limit?.[Symbol.dispose]();
    for (const check of this.#running) check.end();
    this.#running = [];
  }

  #open(kind: CheckKind, checkPlan: CheckPlan, listener: CheckListener): void {
    const check = openCheck(checkPlan, this.#deps, (result, verdict) => {
      this.#history[kind] = [result, ...this.#history[kind]].slice(0, kept);
      listener.result(kind, result, verdict);
    });
    this.#running.push(check);
  }
}

/** True when there is a probe that can say, of a running process, whether it is ready. */
export function hasReadiness({ ready }: CompleteSpec): boolean {
  return lasting(ready).length > 0;
}

/** The probes that can be made at any time. */
function lasting(check: CheckSpec | undefined): readonly Probe[] {
  return check ? probesOf(check.probe).filter((probe) => !isAnnouncement(probe)) : [];
}

function startupPlan(name: string, spec: StartupSpec, subject: ProbeSubject): CheckPlan {
  const { firstPauseMs, growth, ...defaults } = startupDefaults;
  const longest = spec.intervalMs ?? defaults.intervalMs;
  return {
    what: `startup check of "${name}"`,
    probe: probeFunction(probesOf(spec.probe), subject),
    initialDelayMs: spec.initialDelayMs ?? defaults.initialDelayMs,
    pauseMs: (count) => Math.min(longest, firstPauseMs * growth ** (count - 1)),
    timeoutMs: spec.timeoutMs ?? defaults.timeoutMs,
    successThreshold: 1,
    failureThreshold: Infinity,
  };
}

function plan(
  what: string,
  spec: CheckSpec,
  probes: readonly Probe[],
  defaults: { readonly intervalMs: number; readonly timeoutMs: number },
  subject: ProbeSubject,
): CheckPlan {
  const intervalMs = spec.intervalMs ?? defaults.intervalMs;
  return {
    what,
    probe: probeFunction(probes, subject),
    // A process that has just started was looked at by the startup check.
    initialDelayMs: spec.initialDelayMs ?? intervalMs,
    pauseMs: () => intervalMs,
    timeoutMs: spec.timeoutMs ?? defaults.timeoutMs,
    successThreshold: spec.successThreshold ?? 1,
    failureThreshold: spec.failureThreshold ?? 3,
  };
}
