import type { Clock } from "@mothership/kernel";

/** Someone who is asked for a sign of life. */
export interface Pinged {
  readonly connId: number;
  ping(): void;
}

/** A round is made in so many steps, so that thousands of pings do not leave in the same moment. */
const steps = 16;

/** Pings everyone once in each interval, with one timer for all. */
export class Sentinel<T extends Pinged> {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #groups: ReadonlyArray<Set<T>> = Array.from({ length: steps }, () => new Set<T>());
  #at = 0;
  #timer: Disposable | undefined;
  #size = 0;

  constructor(intervalMs: number, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  add(one: T): void {
    this.#group(one).add(one);
    this.#size++;
    this.#timer ??= this.#next();
  }

  remove(one: T): void {
    if (this.#group(one).delete(one)) this.#size--;
    if (this.#size === 0) this.close();
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #group({ connId }: T): Set<T> {
    return this.#groups[connId % steps]!;
  }

  #next(): Disposable {
    return this.#clock.timer(this.#intervalMs / steps, () => {
      this.#timer = this.#next();
      const group = this.#groups[this.#at]!;
      this.#at = (this.#at + 1) % steps;
      for (const one of group) one.ping();
    });
  }
}
