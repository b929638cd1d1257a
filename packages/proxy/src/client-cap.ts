import { type ClientCounts, OwnCounts, SharedCounts, type SharedCountsPlace } from "./client-counts.ts";
import { networkOf } from "./ipv6.ts";

/**
 * How many connections one client has, over all listeners of a proxy, and of further threads where these share memory. A client of IPv6 is
 * its /64 network: whoever has one address has all of that.
 */
export class ClientCap {
  #max: number;
  readonly #counts: ClientCounts;

  constructor(max: number, shared?: SharedCountsPlace) {
    this.#max = max;
    this.#counts = shared ? new SharedCounts(shared) : new OwnCounts();
  }

  /** From now on a client may have so many; those that it has stay. */
  set max(max: number) {
    this.#max = max;
  }

  /** Counts a connection of `address` until the result is disposed; undefined when the client has as many as it may. */
  enter(address: string): Disposable | undefined {
    const key = networkOf(address);
    // Counted first: threads that ask at the same moment must not all get the last place.
    if (this.#counts.add(key) > this.#max) {
      this.#counts.remove(key);
      return undefined;
    }
    return { [Symbol.dispose]: () => this.#counts.remove(key) };
  }
}
