import type { AbortOptions } from "./abort.ts";

/** Events one can listen to, by name; `E` maps each name to its payload. */
export interface Subscribable<E extends object> {
  /** Calls `listener` for every event until the result is disposed or the signal fires. Delivery is synchronous and in order. */
  on<K extends keyof E>(type: K, listener: (event: E[K]) => void, options?: AbortOptions): Disposable;
}

/** The owner's side of `Subscribable`. A listener that throws is reported, and neither the others nor the emitter notice. */
export class Emitter<E extends object> implements Subscribable<E> {
  readonly #listeners = new Map<keyof E, Set<(event: never) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  on<K extends keyof E>(type: K, listener: (event: E[K]) => void, { signal }: AbortOptions = {}): Disposable {
    // A wrapper of its own, so that one function may be subscribed twice and each subscription ends alone.
    const entry = (event: E[K]): void => listener(event);
    const remove = (): void => {
      this.#listeners.get(type)?.delete(entry);
      signal?.removeEventListener("abort", remove);
    };
    if (!signal?.aborted) {
      const set = this.#listeners.get(type) ?? new Set();
      this.#listeners.set(type, set.add(entry));
      signal?.addEventListener("abort", remove, { once: true });
    }
    return { [Symbol.dispose]: remove };
  }

  emit<K extends keyof E>(type: K, event: E[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        // The map is private and only `on` fills it, so what stands under `type` takes E[K].
        (listener as (event: E[K]) => void)(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
