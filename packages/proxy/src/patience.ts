import { type Clock, deadline } from "@mothership/kernel";

/** What ends a polite wait: the caller's signal, or the thing's own grace where the caller gave none. Disposing stops the timer. */
export function patience(what: string, graceMs: number, clock: Clock, signal: AbortSignal | undefined): ReturnType<typeof deadline> {
  return signal ? { signal, [Symbol.dispose]: () => undefined } : deadline(what, graceMs, clock);
}
