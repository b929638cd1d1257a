import { networkOf } from "./ipv6.ts";

/**
 * How many connections one client has, over all listeners of a proxy. A client of IPv6 is its /64 network: whoever has one address has all
 * of that. Holds an entry only while a client has a connection.
 */
export class ClientCap {
  #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** From now on a client may have so many; those that it has stay. */
  set max(max: number) {
    this.#max = max;
  }

  /** Clients that have a connection. */
  get clients(): number {
    return this.#counts.size;
  }

  /** Counts a connection of `address` until the result is disposed; undefined when the client has as many as it may. */
  enter(address: string): Disposable | undefined {
    const key = networkOf(address);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#max) return undefined;
    this.#counts.set(key, count + 1);
    return { [Symbol.dispose]: () => this.#leave(key) };
  }

  #leave(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
