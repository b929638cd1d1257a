import type { Clock } from "@mothership/kernel";

/** A token bucket: so many at once, and from then on so many a second. */
export class Allowance {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #clock: Clock;
  #left: number;
  #at: number;

  constructor(burst: number, perSecond: number, clock: Clock) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#clock = clock;
    this.#left = burst;
    this.#at = clock.now();
  }

  /** Takes one; false when there is none left. */
  take(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
