import type { ManagedProcess } from "./process.ts";

/** Between two liveness restarts of one process. */
const restartPauseMs = 30_000;
/** A timer that fires so much too late says that this process, not the one looked at, is short of time. */
const lagMs = 500;
/** So long a lag is held against what the checks found. */
const lagMemoryMs = 10_000;

/** Holds back liveness restarts that would do harm: under load of our own, too often, or of the last replica that serves. */
export class LivenessGuard {
  readonly #now: () => number;
  #lateAt = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A timer fired this much too late. */
  late(ms: number): void {
    if (ms > lagMs) this.#lateAt = this.#now();
  }

  /** Why this process is not to be restarted now, or undefined. */
  reason(process: ManagedProcess, all: Iterable<ManagedProcess>): string | undefined {
    const { replicaOf, live } = process.spec;
    if (live?.force) return undefined;
    const now = this.#now();
    if (now - process.livenessRestartAt < restartPauseMs) return "it was restarted for this a short while ago";
    if (now - this.#lateAt < lagMemoryMs) return "the supervisor itself is short of time";
    if (replicaOf === undefined) return undefined;
    const others = [...all].filter((one) => one !== process && one.spec.replicaOf === replicaOf && !one.spec.disabled);
    const served = others.some((one) => one.state === "ready" || one.state === "up");
    return others.length > 0 && !served ? `it is the last replica of "${replicaOf}" that serves` : undefined;
  }
}
