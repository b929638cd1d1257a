/** A promise that a test opens by hand: holds concurrent work at a known point. */
export interface Gate<T = void> {
  readonly opened: Promise<T>;
  open(value: T): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}

/**
 * Resolves with the first value of `look` that is neither undefined, null nor false; looks again every few milliseconds.
 * For facts of the real world that send no event (a process gone, a file written). Fails after `timeoutMs`, naming `what`.
 */
export async function eventually<T>(what: string, look: () => T | Promise<T>, timeoutMs = 15_000): Promise<NonNullable<T>> {
  const until = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) throw new Error(`never saw: ${what}`, last === undefined ? undefined : { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
