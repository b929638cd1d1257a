import type { Clock } from "@mothership/kernel";

/** How requests wait while their upstream is restarted. */
export interface HoldPolicy {
  /** How long one waits at most. Default 10,000; 0 for not at all. */
  readonly timeoutMs?: number;
  /**
   * So many wait at a time; the next one is refused. Default 1,000; 0 for none. Never more than the connections and the queue of the
   * upstream take together, for they are all sent when it is back.
   */
  readonly maxHeld?: number;
}

/**
 * What became of a request that came during a restart: sent (`released`), refused because it waited too long (`timeout`), too many waited
 * (`full`) or the upstream does not come back (`unavailable`), or given up by its client (`left`).
 */
export type HoldOutcome = "released" | "timeout" | "full" | "unavailable" | "left";

/** One that waits. Told once how its wait ended, unless it leaves before. Must not throw. */
export type Waiter = (outcome: "released" | "timeout" | "unavailable") => void;

/** Waiters in the order in which they came, each for so long and not longer. Holds one timer, and none while it is empty. */
export class WaitingRoom {
  /** Waiters at a time. */
  readonly places: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  /** When the time of each is over. All wait equally long, so the first is always due first. */
  readonly #waiters = new Map<Waiter, number>();
  #timer: Disposable | undefined;

  constructor({ timeoutMs = 10_000, maxHeld = 1_000 }: HoldPolicy, clock: Clock) {
    this.places = timeoutMs > 0 ? maxHeld : 0;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** False when there is no place left; then it hears nothing. */
  enter(waiter: Waiter): boolean {
    if (this.#waiters.size >= this.places) return false;
    this.#waiters.set(waiter, this.#clock.now() + this.#timeoutMs);
    this.#timer ??= this.#clock.timer(this.#timeoutMs, () => this.#overdue());
    return true;
  }

  /** It does not wait any more and hears nothing. False for one that was told before, or is not here. */
  leave(waiter: Waiter): boolean {
    const left = this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#stopTimer();
    return left;
  }

  /** Tells all of them, first come first. One that comes meanwhile waits for the next time. */
  empty(outcome: "released" | "unavailable"): void {
    const waiters = this.#waiters;
    // One that is told may make another leave, who must then not be told.
    for (const waiter of [...waiters.keys()]) if (waiters.delete(waiter)) waiter(outcome);
    if (waiters.size === 0) this.#stopTimer();
  }

  #overdue(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [waiter, due] of this.#waiters) {
      if (due > now) {
        this.#timer ??= this.#clock.timer(due - now, () => this.#overdue());
        return;
      }
      this.#waiters.delete(waiter);
      waiter("timeout");
    }
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
