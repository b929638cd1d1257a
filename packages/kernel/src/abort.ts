import type { Clock } from "./clock.ts";
import { MothershipError } from "./error.ts";

/** The last argument of everything that waits. */
export interface AbortOptions {
  /** Ends the wait; the function rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Something that runs until it is closed. Whoever opened it closes it. */
export interface Closable extends AsyncDisposable {
  /**
   * Polite until the signal fires (without one: until the thing's own grace has passed), then forces.
   * Resolves when nothing of it is left. May be called twice, and does not reject for what is already gone.
   */
  close(options?: AbortOptions): Promise<void>;
}

/** A deadline passed. The message names which one, and how long it was. */
export class DeadlineError extends MothershipError {
  readonly code = "MS_DEADLINE";
  readonly what: string;
  readonly ms: number;

  constructor(what: string, ms: number) {
    super(`${what}: the deadline of ${ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`} passed`);
    this.name = "DeadlineError";
    this.what = what;
    this.ms = ms;
  }
}

/** A signal that fires when `ms` have passed or `outer` fires; its reason names `what`. Disposing stops the timer. */
export function deadline(what: string, ms: number, clock: Clock, outer?: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = clock.timer(ms, () => controller.abort(new DeadlineError(what, ms)));
  return {
    signal: outer ? AbortSignal.any([controller.signal, outer]) : controller.signal,
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
