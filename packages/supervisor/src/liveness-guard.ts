import type { ProbeResult } from "./probe.ts";
import type { CompleteSpec } from "./spec.ts";
import type { ProcessState } from "./state.ts";

/** Between two liveness restarts of one process. */
const restartPauseMs = 30_000;
/** A timer that fires so much too late says that this process, not the one looked at, is short of time. */
const lagMs = 500;
/** So long a lag is held against what the checks found. */
const lagMemoryMs = 10_000;
/** Fewer processes with probes than this cannot show that the fault is on our side. */
const leastForMass = 3;

export interface Guarded {
  readonly spec: CompleteSpec;
  readonly state: ProcessState;
}

/** Holds back liveness restarts that would do harm: under load of our own, too often, or of the last replica that serves. */
export class LivenessGuard<P extends Guarded> {
  readonly #now: () => number;
  readonly #restartedAt = new WeakMap<P, number>();
  /** Whose last probe timed out, or did not. */
  readonly #timedOut = new Map<P, boolean>();
  readonly #heldOnce = new WeakSet<P>();
  #lateAt = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A timer fired this much too late. */
  late(ms: number): void {
    if (ms > lagMs) this.#lateAt = this.#now();
  }

  /** A probe was made. */
  probed(process: P, { ok, timedOut }: ProbeResult): void {
    this.#timedOut.set(process, timedOut);
    if (ok) this.#heldOnce.delete(process);
  }

  /** It has no checks running now. */
  forget(process: P): void {
    this.#timedOut.delete(process);
  }

  /** Why this process is not to be restarted now; undefined lets it be restarted, and notes that. */
  hold(process: P, all: Iterable<P>): string | undefined {
    const reason = process.spec.live?.force ? undefined : this.#reason(process, all);
    if (reason === undefined) this.#restartedAt.set(process, this.#now());
    return reason;
  }

  #reason(process: P, all: Iterable<P>): string | undefined {
    const now = this.#now();
    if (now - (this.#restartedAt.get(process) ?? -Infinity) < restartPauseMs) return "it was restarted for this a short while ago";
    if (now - this.#lateAt < lagMemoryMs) return "the supervisor itself is short of time";
    if (this.#mostTimeOut() && !this.#heldOnce.has(process)) {
      // Once: if they time out at the next look too, they are really not there.
      this.#heldOnce.add(process);
      return "most probes time out, so the fault may be on this side";
    }
    const { replicaOf } = process.spec;
    if (replicaOf === undefined) return undefined;
    const others = [...all].filter((one) => one !== process && one.spec.replicaOf === replicaOf && !one.spec.disabled);
    const served = others.some(({ state }) => state === "ready" || state === "up");
    return others.length > 0 && !served ? `it is the last replica of "${replicaOf}" that serves` : undefined;
  }

  #mostTimeOut(): boolean {
    const out = [...this.#timedOut.values()].filter(Boolean).length;
    return this.#timedOut.size >= leastForMass && out * 2 > this.#timedOut.size;
  }
}
