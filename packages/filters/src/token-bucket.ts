/*
 * A token bucket whose whole state is one number: the moment at which it will be full again. Each request moves that moment on by what one
 * token takes to come back; a bucket that was left alone needs no state at all. Times are milliseconds of one clock that never goes back.
 */

/** How much a bucket holds and how fast it fills. */
export interface Rate {
  /** Tokens in a full bucket; at least 1, so that something can be let through. */
  readonly capacity: number;
  readonly msPerToken: number;
}

/** Seen by a bucket that nobody has taken from. */
export const neverTaken = Number.NEGATIVE_INFINITY;

/** Sums of fractions end a little beside the whole number; a millionth of a token must not decide. */
const slack = 1e-6;

/** `count` requests in `periodMs`, all of them at once if they were saved up. Below one in the period: one at a time. */
export function rateOf(count: number, periodMs: number): Rate {
  return { capacity: Math.max(1, count), msPerToken: periodMs / count };
}

/** Tokens there at `now`, with fractions: 0 to the capacity. */
export function tokensAt({ capacity, msPerToken }: Rate, fullAt: number, now: number): number {
  return fullAt <= now ? capacity : capacity - (fullAt - now) / msPerToken;
}

/** Tokens that can be taken at `now`. */
export function wholeTokens(rate: Rate, fullAt: number, now: number): number {
  return Math.floor(tokensAt(rate, fullAt, now) + slack);
}

/** When the bucket will be full again after one token was taken at `now`. */
export function afterTaking({ msPerToken }: Rate, fullAt: number, now: number): number {
  return Math.max(fullAt, now) + msPerToken;
}

/** Milliseconds from `now` until one token can be taken; 0 when there is one. */
export function msUntilToken(rate: Rate, fullAt: number, now: number): number {
  return Math.max(0, 1 - tokensAt(rate, fullAt, now)) * rate.msPerToken;
}

/** From empty to full: a bucket left alone for so long is as good as new. */
export function msToFill({ capacity, msPerToken }: Rate): number {
  return capacity * msPerToken;
}
