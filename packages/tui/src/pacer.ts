import type { Clock } from "@mothership/kernel";

/** Draws at most this often because of events and logs. */
const quietMs = 100;
/** And this often because of keys, which a held key repeats some 30 times a second. */
const briskMs = 20;

/** Decides when to draw: many causes in a short time make one drawing. */
export class Pacer {
  readonly #clock: Clock;
  readonly #draw: () => void;
  #drawnAt = -Infinity;
  #timer: Disposable | undefined;
  #due = Infinity;
  #stopped = false;

  constructor(clock: Clock, draw: () => void) {
    this.#clock = clock;
    this.#draw = draw;
  }

  /** Something changed that may wait a little. */
  soon(): void {
    this.#drawBy(this.#drawnAt + quietMs);
  }

  /** Somebody waits for it. */
  now(): void {
    this.#drawBy(this.#drawnAt + briskMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #drawBy(due: number): void {
    if (this.#stopped || due >= this.#due) return;
    this.#timer?.[Symbol.dispose]();
    const wait = due - this.#clock.now();
    this.#due = due;
    if (wait <= 0) this.#drawNow();
    else this.#timer = this.#clock.timer(wait, () => this.#drawNow());
  }

  #drawNow(): void {
    this.#due = Infinity;
    this.#timer = undefined;
    this.#drawnAt = this.#clock.now();
    this.#draw();
  }
}
