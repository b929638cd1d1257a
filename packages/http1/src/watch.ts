import type { Clock } from "@mothership/kernel";

/**
 * One deadline that is moved all the time and hardly ever reached. Moving it further away costs a number; the one timer behind
 * it notices when it fires and is set again for the rest.
 */
export class Watch {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #due = Number.POSITIVE_INFINITY;
  #timer: Disposable | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Due in `ms` from now, whatever was set before; never if that is infinite. */
  set(ms: number): void {
    const now = this.#clock.now();
    this.#due = now + ms;
    if (this.#due < this.#timerDue) this.#arm(now);
  }

  /** Nothing is due. The timer may still fire once, for nothing. */
  clear(): void {
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** Nothing is due ever again, and no timer is left. */
  stop(): void {
    this.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #arm(now: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timerDue = this.#due;
    this.#timer = this.#clock.timer(Math.max(0, Math.ceil(this.#due - now)), () => this.#fired());
  }

  #fired(): void {
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    if (this.#due === Number.POSITIVE_INFINITY) return;
    const now = this.#clock.now();
    if (now < this.#due) {
      this.#arm(now);
      return;
    }
    this.#due = Number.POSITIVE_INFINITY;
    this.#onDue();
  }
}
