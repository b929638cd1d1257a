import type { ClientError } from "@mothership/http1";

/** Methods that mean the same sent once or twice (RFC 9110, 9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

/**
 * Whether a request may be sent once more, on a fresh connection. Only a reused connection that the upstream had closed meanwhile is
 * a reason: a fresh one that fails would fail again. What is stale was written, so the upstream may have acted on it and a body is used up:
 * only an idempotent request without a body is sent again (RFC 9112, 9.3.1).
 */
export function mayRetry(error: Pick<ClientError, "stale">, method: string, bodyless: boolean): boolean {
  return error.stale && bodyless && idempotent.has(method);
}

/** How many of the requests to an upstream may be second tries, at one time. */
export interface RetryPolicy {
  /** Share of the requests that run, 0 to 1. Default 0.2. */
  readonly ratio?: number;
  /** So many in any case. Default 3. */
  readonly min?: number;
}

/** Keeps second tries from doubling the load of an upstream at the very moment when it breaks off connections. */
export class RetryBudget {
  readonly #ratio: number;
  readonly #min: number;
  #running = 0;

  constructor({ ratio = 0.2, min = 3 }: RetryPolicy = {}) {
    this.#ratio = ratio;
    this.#min = min;
  }

  /** Second tries that wait for their answer. */
  get running(): number {
    return this.#running;
  }

  /** Takes a place for a second try, given the number of requests that run; false when there is none. True is followed by one `leave`. */
  enter(inFlight: number): boolean {
    if (this.#running >= Math.max(this.#min, Math.floor(this.#ratio * inFlight))) return false;
    this.#running++;
    return true;
  }

  leave(): void {
    this.#running--;
  }
}

/**
 * The milliseconds that a Retry-After asks for (RFC 9110, 10.2.3), given the time in milliseconds since the epoch; 0 for none, for a moment
 * that has passed, and for what is neither seconds nor a date.
 */
export function retryAfterMs(value: string | undefined, now: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Only the form with a day's name: a parser of dates reads almost anything as one.
  const date = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
