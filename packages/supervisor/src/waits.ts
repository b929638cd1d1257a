import type { AbortOptions } from "@mothership/kernel";

/** Those who wait for something about a thing that changes. */
export class Waits<T> {
  readonly #checks = new Map<T, Set<() => void>>();

  /** It may have changed. */
  check(thing: T): void {
    for (const check of this.#checks.get(thing) ?? []) check();
  }

  /** Resolves with the first answer of `look` that is not undefined; rejects when it throws or the signal fires. Looks now and at every change. */
  async until<A>(thing: T, look: () => A | undefined, { signal }: AbortOptions = {}): Promise<A> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<A>();
    const check = (): void => {
      try {
        const answer = look();
        if (answer !== undefined) resolve(answer);
      } catch (error) {
        reject(error);
      }
    };
    const stop = (): void => reject(signal?.reason);
    const set = this.#checks.get(thing) ?? new Set();
    this.#checks.set(thing, set.add(check));
    signal?.addEventListener("abort", stop, { once: true });
    try {
      check();
      return await promise;
    } finally {
      signal?.removeEventListener("abort", stop);
      set.delete(check);
      if (set.size === 0) this.#checks.delete(thing);
    }
  }
}
