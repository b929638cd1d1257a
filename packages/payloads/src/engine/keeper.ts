/**
 * The instances of one payload.
 *
 * 1. One that is idle is taken, or a new one made, as long as there are not too many and memory was not thrown away too fast.
 * 2. After a call that ended well it is given back. When its memory has grown to three quarters of the limit it goes instead, so that a
 *    guest that leaks costs nobody an answer.
 * 3. After any failure it is dropped: what state it is in, nobody knows.
 */
import { type Clock, messageOf } from "@mothership/kernel";
import type { Failure, FailureKind } from "../verdict.ts";
import type { Guest, GuestHost, RunResult } from "./guest.ts";
import { MemoryAllowance } from "./memory-allowance.ts";
import { Quarantine, type QuarantineState } from "./quarantine.ts";

/** Counters of one payload since it was opened. */
export interface PayloadStats {
  /** Calls that were made, successful or not. */
  readonly calls: number;
  readonly blocks: number;
  readonly failures: Readonly<Record<FailureKind, number>>;
  /** Milliseconds in calls. */
  readonly totalMs: number;
  /** Units of fuel in calls. */
  readonly totalFuel: number;
  /** The most that one successful call used. */
  readonly maxFuel: number;
  readonly state: QuarantineState;
  /** How often the quarantine was opened. */
  readonly quarantines: number;
  /** Instances that exist. */
  readonly instances: number;
  /** Instances that were given up because their memory had grown. */
  readonly recycled: number;
  /** Memory of the instance that was used last. */
  readonly memoryBytes: number;
  readonly lastFailure: Failure | undefined;
}

export interface KeeperSpec {
  readonly fuel: number;
  /** For the start of an instance after the first. */
  readonly startFuel: number;
  readonly memoryBytes: number;
  readonly maxInstances: number;
}

/** Instances kept although nobody uses them. */
const mostIdle = 16;

/** Keeps the instances of one payload: makes them, lends them, throws away those that failed, and bars the payload that fails too often. */
export class Keeper<Host extends GuestHost> {
  readonly #spec: KeeperSpec;
  readonly #open: () => Guest<Host>;
  readonly #clock: Clock;
  readonly #quarantine = new Quarantine();
  readonly #allowance: MemoryAllowance;
  readonly #idle: Guest<Host>[];
  readonly #failures: Record<FailureKind, number> = { trap: 0, fuel: 0, fault: 0, quarantined: 0, busy: 0, tooLarge: 0 };
  #live: number;
  #calls = 0;
  #blocks = 0;
  #totalMs = 0;
  #totalFuel = 0;
  #maxFuel = 0;
  #recycled = 0;
  #memoryBytes: number;
  #lastFailure: Failure | undefined;

  /** Takes over `first`, which has been started. `open` makes another one. */
  constructor(spec: KeeperSpec, first: Guest<Host>, open: () => Guest<Host>, clock: Clock) {
    this.#spec = spec;
    this.#open = open;
    this.#clock = clock;
    this.#allowance = new MemoryAllowance(clock.now());
    this.#idle = [first];
    this.#live = 1;
    this.#memoryBytes = first.ports.memoryBytes;
  }

  get stats(): PayloadStats {
    return {
      calls: this.#calls,
      blocks: this.#blocks,
      failures: { ...this.#failures },
      totalMs: this.#totalMs,
      totalFuel: this.#totalFuel,
      maxFuel: this.#maxFuel,
      state: this.#quarantine.state(this.#clock.now()),
      quarantines: this.#quarantine.opened,
      instances: this.#live,
      recycled: this.#recycled,
      memoryBytes: this.#memoryBytes,
      lastFailure: this.#lastFailure,
    };
  }

  /** An instance for one call, or for several with `run`. Whoever gets one ends with `give`, unless a run failed. */
  take(): RunResult<Guest<Host>> {
    const now = this.#clock.now();
    const waitMs = this.#quarantine.waitMs(now);
    if (waitMs > 0) return this.#refuse({ kind: "quarantined", reason: "it failed too often lately", retryAfterMs: waitMs });
    const idle = this.#idle.pop();
    if (idle) return { value: idle };
    if (this.#live >= this.#spec.maxInstances)
      return this.#refuse({ kind: "busy", reason: `all its ${this.#live} instances are at work`, retryAfterMs: 1000 });
    const allowedInMs = this.#allowance.waitMs(now);
    if (allowedInMs > 0) return this.#refuse({ kind: "busy", reason: "its instances are used up too fast", retryAfterMs: allowedInMs });
    return this.#make(now);
  }

  /** For an instance that was taken a while ago: a failure, and the instance is gone, if the quarantine was opened meanwhile. */
  stillAdmitted(guest: Guest<Host>): Failure | undefined {
    const now = this.#clock.now();
    const waitMs = this.#quarantine.waitMs(now);
    if (waitMs === 0) return undefined;
    this.#drop(guest, now);
    return this.#refuse({ kind: "quarantined", reason: "it failed too often lately", retryAfterMs: waitMs }).failure;
  }

  /** Runs code of an instance that was taken. When it fails the instance is gone. */
  run<T>(guest: Guest<Host>, body: () => T): RunResult<T> {
    const before = this.#clock.now();
    const result = guest.run(this.#spec.fuel, body);
    const now = this.#clock.now();
    const used = this.#spec.fuel - guest.ports.fuel;
    this.#calls++;
    this.#totalMs += now - before;
    this.#totalFuel += used;
    if (result.failure) {
      this.#drop(guest, now);
      if (result.failure.kind !== "tooLarge") this.#quarantine.failed(now, result.failure.kind, now - before);
      return this.#refuse(result.failure);
    }
    this.#maxFuel = Math.max(this.#maxFuel, used);
    this.#quarantine.succeeded(now);
    return result;
  }

  /** Gives back an instance all of whose runs ended well. */
  give(guest: Guest<Host>): void {
    const bytes = guest.ports.memoryBytes;
    this.#memoryBytes = bytes;
    const now = this.#clock.now();
    if (bytes > this.#spec.memoryBytes * 0.75 && this.#allowance.waitMs(now) === 0) {
      this.#recycled++;
      this.#drop(guest, now);
    } else if (this.#idle.length < mostIdle) this.#idle.push(guest);
    else this.#drop(guest, now);
  }

  blocked(): void {
    this.#blocks++;
  }

  #make(now: number): RunResult<Guest<Host>> {
    const { value: guest, failure } = this.#openStarted();
    if (guest) return { value: guest };
    const then = this.#clock.now();
    this.#quarantine.failed(then, failure.kind, then - now);
    return this.#refuse({ ...failure, reason: `while it started: ${failure.reason}` });
  }

  #openStarted(): RunResult<Guest<Host>> {
    let guest: Guest<Host>;
    try {
      guest = this.#open();
    } catch (error) {
      // The engine finds no room for the memory, or a segment does not fit into it.
      return { failure: { kind: "trap", reason: messageOf(error) } };
    }
    this.#live++;
    const { failure } = guest.start(this.#spec.startFuel);
    if (!failure) return { value: guest };
    this.#drop(guest, this.#clock.now());
    return { failure };
  }

  #drop(guest: Guest<Host>, now: number): void {
    this.#live--;
    this.#allowance.dropped(now, guest.ports.memoryBytes);
  }

  #refuse(failure: Failure): { readonly failure: Failure } {
    this.#failures[failure.kind]++;
    this.#lastFailure = failure;
    return { failure };
  }
}
