import type { Clock } from "@mothership/kernel";

/** Someone for whom bytes wait. */
export interface Stalling {
  /** Takes nothing, while others need the room: it is to be cut off. Returns how many bytes that will free, a little later. */
  stalled(): number;
}

/**
 * Keeps clients that do not read from using up what all clients of a bay share.
 *
 * While more than half of the limit waits, whoever took nothing for `stallMs` is cut, the longest first. Those who take something, however
 * slowly, are left alone: credit holds them back. Bookkeeping is constant per message; nobody is searched for.
 */
export class Pressure<T extends Stalling> {
  readonly #clock: Clock;
  readonly #stallMs: number;
  // In the order of their last progress, the longest ago first.
  readonly #since = new Map<T, number>();
  readonly #valve: (open: boolean) => void;
  #timer: Disposable | undefined;
  #open = true;
  limit: number;
  waiting = 0;

  /** `valve` is told to close when the limit is reached, and to open again when half of it is free: for a sender that no credit holds back. */
  constructor(limit: number, stallMs: number, clock: Clock, valve: (open: boolean) => void) {
    this.limit = limit;
    this.#stallMs = stallMs;
    this.#clock = clock;
    this.#valve = valve;
  }

  get high(): boolean {
    return this.waiting > this.limit / 2;
  }

  /** `bytes` more wait for `one`. */
  add(one: T, bytes: number): void {
    this.waiting += bytes;
    if (!this.#since.has(one)) this.#since.set(one, this.#clock.now());
    if (this.high) this.#arm();
    if (this.#open && this.waiting > this.limit) this.#turn(false);
  }

  /** `one` took `bytes`, and `left` still wait for it. */
  took(one: T, bytes: number, left: number): void {
    this.waiting -= bytes;
    this.#since.delete(one);
    if (left > 0) this.#since.set(one, this.#clock.now());
    if (!this.#open && !this.high) this.#turn(true);
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #turn(open: boolean): void {
    this.#open = open;
    this.#valve(open);
  }

  #arm(): void {
    const oldest = this.#since.values().next();
    if (this.#timer || oldest.done) return;
    const inMs = Math.max(1, oldest.value + this.#stallMs - this.#clock.now());
    this.#timer = this.#clock.timer(inMs, () => {
      this.#timer = undefined;
      this.#cut();
      if (this.high) this.#arm();
    });
  }

  #cut(): void {
    const until = this.#clock.now() - this.#stallMs;
    let excess = this.waiting - this.limit / 2;
    for (const [one, since] of this.#since) {
      if (excess <= 0 || since > until) return;
      this.#since.delete(one);
      excess -= one.stalled();
    }
  }
}
