import type { AbortOptions, Clock } from "@mothership/kernel";
import { sleepOn } from "@mothership/kernel";

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #now = 0;
  #sequence = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();
  readonly #epoch: number;

  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  timer(ms: number, run: () => void): Disposable {
    const id = this.#sequence++;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run });
    return { [Symbol.dispose]: () => void this.#timers.delete(id) };
  }

  sleep(ms: number, options?: AbortOptions): Promise<void> {
    return sleepOn(this, ms, options);
  }

  /** Timers that have not fired: a test of clean-up expects 0. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer fires, in milliseconds from now; undefined without one. */
  get nextIn(): number | undefined {
    const next = Math.min(...[...this.#timers.values()].map((timer) => timer.at));
    return Number.isFinite(next) ? next - this.#now : undefined;
  }

  /**
   * Moves on by `ms`, firing what falls due in order, timers that other timers set included.
   * Between two timers everything that was waiting on a promise gets its turn.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(([, timer]) => timer.at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].run();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets every promise reaction and immediate that is ready now run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
