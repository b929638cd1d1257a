import type { Clock } from "@mothership/kernel";

/** When to stop asking an upstream that fails, and when to try again. */
export interface BreakerPolicy {
  /** Opens when at least this share of the requests in the window failed, 0 to 1. Default 0.5. */
  readonly failureRatio?: number;
  /** Never opens before so many requests ended in the window: two failures of three say little. Default 10. */
  readonly minRequests?: number;
  /** How far back it looks. Default 10,000. */
  readonly windowMs?: number;
  /** How long it stays open before one request may try. Default 2,000; longer, up to a minute, if the upstream asks for it (Retry-After). */
  readonly openMs?: number;
}

/** closed: everything passes. open: nothing does. trying: one request is out, and its end decides. */
export type BreakerState = "closed" | "open" | "trying";

/** An upstream may not put itself out of use for longer than this by asking for it. */
const maxHoldMs = 60_000;
/** A trial that has not ended after so long counts no more, and another goes out: it may have gone down with its thread. */
const maxTrialMs = 60_000;

/** The window is counted in so many parts, so that it moves on in steps of a tenth. */
const parts = 10;

const states = ["closed", "open", "trying"] as const satisfies readonly BreakerState[];
const code = { closed: 0, open: 1, trying: 2 } as const;

/** Where the figures stand in the memory: numbers of 64 bits first, then words of 32. */
const wide = { openedAt: 0, holdMs: 1, tryingSince: 2, count: 3 } as const;
const word = { state: 0, stamps: 1, ended: 1 + parts, failed: 1 + 2 * parts, count: 1 + 3 * parts } as const;
const memoryBytes = wide.count * 8 + word.count * 4;

/** Memory for one breaker that several threads have in common. */
export function breakerMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(memoryBytes);
}

/**
 * A circuit breaker: keeps requests away from an upstream that cannot serve them, so that clients are not kept waiting and the upstream is
 * not held down. Every `admit` that gave true is followed by exactly one of `succeeded`, `failed` and `abandoned`.
 *
 * Threads that are given the same memory, and clocks that agree, have one breaker: a request counts wherever it ran, and one trial goes out
 * from all of them. No step holds a lock, so a thread that dies in the middle stops nobody; its trial is given up after a minute.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #failureRatio: number;
  readonly #minRequests: number;
  readonly #partMs: number;
  readonly #openMs: number;
  readonly #times: Float64Array;
  /** The state; then for each part of the window its number since the clock's origin, the requests that ended, and of those the failed ones. */
  readonly #words: Int32Array;

  constructor(policy: BreakerPolicy, clock: Clock, memory: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(memoryBytes)) {
    const { failureRatio = 0.5, minRequests = 10, windowMs = 10_000, openMs = 2000 } = policy;
    this.#clock = clock;
    this.#failureRatio = failureRatio;
    this.#minRequests = minRequests;
    this.#partMs = windowMs / parts;
    this.#openMs = openMs;
    this.#times = new Float64Array(memory, 0, wide.count);
    this.#words = new Int32Array(memory, wide.count * 8, word.count);
  }

  get state(): BreakerState {
    return states[Atomics.load(this.#words, word.state)] ?? "closed";
  }

  /** Milliseconds until a request may try; 0 where one may now, or where nobody knows. */
  get retryInMs(): number {
    if (this.state !== "open") return 0;
    return Math.max(0, this.#times[wide.openedAt]! + this.#times[wide.holdMs]! - this.#clock.now());
  }

  /** Whether a request may go out now. After the open time it is true for one request, which is the trial. */
  admit(): boolean {
    const { state } = this;
    if (state === "closed") return true;
    const now = this.#clock.now();
    if (state === "trying") {
      if (now - this.#times[wide.tryingSince]! < maxTrialMs) return false;
      this.#times[wide.tryingSince] = now;
      return true;
    }
    if (this.retryInMs > 0) return false;
    // Written before the state says that it holds. Two threads that come here at once write almost the same.
    this.#times[wide.tryingSince] = now;
    return this.#move("open", "trying");
  }

  succeeded(): void {
    // A request that began before the breaker opened says nothing about now.
    const { state } = this;
    if (state === "trying") this.reset();
    else if (state === "closed") this.#count(0);
  }

  /** `askedMs`: the upstream asked to be left alone for so long. That alone opens nothing, for it may have meant one request. */
  failed(askedMs = 0): void {
    const { state } = this;
    if (state === "open") return;
    if (state === "closed" && !this.#count(1)) return;
    this.#times[wide.openedAt] = this.#clock.now();
    this.#times[wide.holdMs] = Math.max(this.#openMs, Math.min(askedMs, maxHoldMs));
    this.#move(state, "open");
  }

  /** It ended for a reason that says nothing about the upstream: the client left, its own body broke. */
  abandoned(): void {
    // The next request is the trial, at once.
    this.#move("trying", "open");
  }

  /** Somebody knows that the upstream is well: closed, and nothing is remembered. */
  reset(): void {
    this.#words.fill(0, word.stamps);
    Atomics.store(this.#words, word.state, code.closed);
  }

  /** False when another thread was faster. */
  #move(from: BreakerState, to: BreakerState): boolean {
    return Atomics.compareExchange(this.#words, word.state, code[from], code[to]) === code[from];
  }

  /** True when the failures in the window are too many. */
  #count(failures: 0 | 1): boolean {
    const words = this.#words;
    const part = Math.floor(this.#clock.now() / this.#partMs) | 0;
    const at = ((part % parts) + parts) % parts;
    const stamp = Atomics.load(words, word.stamps + at);
    if (stamp !== part && Atomics.compareExchange(words, word.stamps + at, stamp, part) === stamp) {
      Atomics.store(words, word.ended + at, 0);
      Atomics.store(words, word.failed + at, 0);
    }
    Atomics.add(words, word.ended + at, 1);
    if (failures === 0) return false;
    Atomics.add(words, word.failed + at, 1);
    let ended = 0;
    let failed = 0;
    for (let one = 0; one < parts; one++) {
      // What is older than the window is left lying until its place is needed.
      const age = (part - Atomics.load(words, word.stamps + one)) | 0;
      if (age < 0 || age >= parts) continue;
      ended += Atomics.load(words, word.ended + one);
      failed += Atomics.load(words, word.failed + one);
    }
    return ended >= this.#minRequests && failed >= this.#failureRatio * ended;
  }
}
