/**
 * Keeps a payload that fails from taking the time of all others.
 *
 * 1. Serving: failures are counted over a window of ten seconds. Three exhaustions of fuel, or any number that took 20 ms together, or ten
 *    failures of any kind open the quarantine.
 * 2. Quarantined: no call is made, until the delay has passed.
 * 3. Probing: one call is made. When it ends well the payload serves again; when not, the delay doubles.
 * 4. After that the payload is on probation as long as the window: the first exhaustion opens the quarantine again with a doubled delay.
 *    Without it, good requests among the bad ones would each buy three more exhaustions.
 */
import type { FailureKind } from "../verdict.ts";

export interface QuarantinePolicy {
  readonly windowMs: number;
  /** Exhaustions of fuel within the window. */
  readonly exhaustions: number;
  /** Milliseconds that exhaustions within the window took. */
  readonly lostMs: number;
  /** Failures of any kind within the window. */
  readonly failures: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export const quarantinePolicy: QuarantinePolicy = {
  windowMs: 10_000,
  exhaustions: 3,
  lostMs: 20,
  failures: 10,
  minDelayMs: 100,
  maxDelayMs: 30_000,
};

export type QuarantineState = "serving" | "quarantined" | "probing";

interface Incident {
  readonly at: number;
  readonly kind: FailureKind;
  readonly ms: number;
}

/** Pure but for its own state: all times are given, in milliseconds of one clock. */
export class Quarantine {
  readonly #policy: QuarantinePolicy;
  #state: QuarantineState = "serving";
  #incidents: Incident[] = [];
  #delayMs: number;
  #until = 0;
  #probationUntil = Number.NEGATIVE_INFINITY;
  #opened = 0;

  constructor(policy: QuarantinePolicy = quarantinePolicy) {
    this.#policy = policy;
    this.#delayMs = policy.minDelayMs;
  }

  /** How often it was opened. */
  get opened(): number {
    return this.#opened;
  }

  state(now: number): QuarantineState {
    return this.#state === "quarantined" && now >= this.#until ? "probing" : this.#state;
  }

  /** 0 when a call may be made; else how long to wait. An admitted call reports its end. */
  waitMs(now: number): number {
    if (this.#state === "serving") return 0;
    if (now < this.#until) return this.#until - now;
    this.#state = "probing";
    return 0;
  }

  succeeded(now: number): void {
    if (this.#state !== "probing") return;
    this.#state = "serving";
    this.#incidents = [];
    this.#probationUntil = now + this.#policy.windowMs;
  }

  /** A call failed, after `ms`. */
  failed(now: number, kind: FailureKind, ms: number): void {
    if (this.#state === "probing") {
      this.#open(now, this.#delayMs * 2);
      return;
    }
    const { windowMs, exhaustions, lostMs, failures, minDelayMs } = this.#policy;
    const onProbation = now < this.#probationUntil;
    if (kind === "fuel" && onProbation) {
      this.#open(now, this.#delayMs * 2);
      return;
    }
    this.#incidents = this.#incidents.filter(({ at }) => at > now - windowMs);
    this.#incidents.push({ at: now, kind, ms });
    const exhausted = this.#incidents.filter((incident) => incident.kind === "fuel");
    const lost = exhausted.reduce((sum, incident) => sum + incident.ms, 0);
    if (exhausted.length >= exhaustions || lost >= lostMs || this.#incidents.length >= failures)
      this.#open(now, onProbation ? this.#delayMs : minDelayMs);
  }

  #open(now: number, delayMs: number): void {
    this.#state = "quarantined";
    this.#incidents = [];
    this.#delayMs = Math.min(delayMs, this.#policy.maxDelayMs);
    this.#until = now + this.#delayMs;
    this.#opened++;
  }
}
