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

/** The window is counted in so many parts, so that it moves on in steps of a tenth. */
const parts = 10;

/**
 * A circuit breaker: keeps requests away from an upstream that cannot serve them, so that clients are not kept waiting and the upstream is
 * not held down. Every `admit` that gave true is followed by exactly one of `succeeded`, `failed` and `abandoned`.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #failureRatio: number;
  readonly #minRequests: number;
  readonly #partMs: number;
  readonly #openMs: number;
  /** Requests that ended, and of those the failed ones, for each part of the window; `#part` is the number of the newest since the clock's origin. */
  readonly #ended = new Uint32Array(parts);
  readonly #failed = new Uint32Array(parts);
  #part = 0;
  #state: BreakerState = "closed";
  #openedAt = 0;
  /** How long it is open this time. */
  #holdMs = 0;

  constructor({ failureRatio = 0.5, minRequests = 10, windowMs = 10_000, openMs = 2000 }: BreakerPolicy, clock: Clock) {
    this.#clock = clock;
    this.#failureRatio = failureRatio;
    this.#minRequests = minRequests;
    this.#partMs = windowMs / parts;
    this.#openMs = openMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a request may try; 0 where one may now, or where nobody knows. */
  get retryInMs(): number {
    return this.#state === "open" ? Math.max(0, this.#openedAt + this.#holdMs - this.#clock.now()) : 0;
  }

  /** Whether a request may go out now. After the open time it is true for one request, which is the trial. */
  admit(): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "trying" || this.retryInMs > 0) return false;
    this.#state = "trying";
    return true;
  }

  succeeded(): void {
    // A request that began before the breaker opened says nothing about now.
    if (this.#state === "open") return;
    if (this.#state === "trying") this.reset();
    else this.#count(0);
  }

  /** `askedMs`: the upstream asked to be left alone for so long. That alone opens nothing, for it may have meant one request. */
  failed(askedMs = 0): void {
    if (this.#state === "open") return;
    if (this.#state === "closed" && !this.#count(1)) return;
    this.#state = "open";
    this.#openedAt = this.#clock.now();
    this.#holdMs = Math.max(this.#openMs, Math.min(askedMs, maxHoldMs));
  }

  /** It ended for a reason that says nothing about the upstream: the client left, its own body broke. */
  abandoned(): void {
    // The next request is the trial, at once.
    if (this.#state === "trying") this.#state = "open";
  }

  /** Somebody knows that the upstream is well: closed, and nothing is remembered. */
  reset(): void {
    this.#state = "closed";
    this.#ended.fill(0);
    this.#failed.fill(0);
  }

  /** True when the failures in the window are too many. */
  #count(failures: 0 | 1): boolean {
    const part = Math.floor(this.#clock.now() / this.#partMs);
    for (let stale = Math.max(this.#part + 1, part - parts + 1); stale <= part; stale++) {
      this.#ended[stale % parts] = 0;
      this.#failed[stale % parts] = 0;
    }
    this.#part = part;
    this.#ended[part % parts]! += 1;
    this.#failed[part % parts]! += failures;
    const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);
    return failures > 0 && sum(this.#ended) >= this.#minRequests && sum(this.#failed) >= this.#failureRatio * sum(this.#ended);
  }
}
