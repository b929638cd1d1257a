import { afterTaking, msToFill, neverTaken, type Rate } from "./token-bucket.ts";

/**
 * One token bucket for each client, for a bounded number of clients, in two generations: who is seen again moves to the young one.
 *
 * The old generation is thrown away once the young one has lasted as long as a bucket needs to fill: all that is in it is full again, so
 * nothing is lost. When more clients than fit come in that time, it goes earlier, and those in it begin anew.
 */
export class ClientBuckets {
  readonly rate: Rate;
  readonly #half: number;
  readonly #onForgotten: ((clients: number) => void) | undefined;
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #since = neverTaken;

  /** `maxClients` is at least 2. `onForgotten` hears how many clients begin anew because there were too many. */
  constructor(rate: Rate, maxClients: number, onForgotten?: (clients: number) => void) {
    this.rate = rate;
    this.#half = Math.floor(maxClients / 2);
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** When the bucket of `client` will be full again; a moment that has passed for one that is full. */
  fullAt(client: string): number {
    return this.#young.get(client) ?? this.#old.get(client) ?? neverTaken;
  }

  /** Takes one token, whether or not there is one; returns when the bucket will be full again. */
  take(client: string, now: number): number {
    const fullAt = afterTaking(this.rate, this.fullAt(client), now);
    if (now - this.#since >= msToFill(this.rate)) this.#turn(now);
    else if (this.#young.size >= this.#half && !this.#young.has(client)) {
      if (this.#old.size > 0) this.#onForgotten?.(this.#old.size);
      this.#turn(now);
    }
    this.#young.set(client, fullAt);
    this.#old.delete(client);
    return fullAt;
  }

  #turn(now: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#since = now;
  }
}
