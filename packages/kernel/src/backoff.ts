/** How a delay grows from one try to the next. */
export interface BackoffPolicy {
  /** Delay after the first failure, in milliseconds. */
  readonly minDelayMs: number;
  /** No delay is longer than this, jitter apart. */
  readonly maxDelayMs: number;
  /** Growth per failure; 2 doubles. */
  readonly factor?: number;
  /** Share of the delay by which it may differ either way, 0 to 1; keeps many clients from retrying at the same moment. */
  readonly jitter?: number;
}

/** The delay after `failures` failures in a row (1 or more). Pure: `random` gives numbers from 0 up to, not including, 1. */
export function backoffDelay(failures: number, policy: BackoffPolicy, random: () => number): number {
  const { minDelayMs, maxDelayMs, factor = 2, jitter = 0.2 } = policy;
  const plain = Math.min(maxDelayMs, minDelayMs * factor ** Math.max(0, failures - 1));
  return Math.round(plain * (1 + jitter * (2 * random() - 1)));
}
