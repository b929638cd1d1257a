import type { Clock } from "@mothership/kernel";
import type { ProcessSnapshot } from "@mothership/supervisor";

/** The check that clears a ship is made at once. One that has not been cleared after so long is down. */
const clearedMs = 1000;

/** Ships that were suspected a moment ago and that nobody has looked at yet: they are not down, as far as anybody knows. */
export class Suspects implements Disposable {
  readonly #clock: Clock;
  /** Each with what waits to be told that it was not cleared. */
  readonly #ships = new Map<string, Disposable | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it before the supervisor is told. One that is not ready, or has no check, cannot become unready by it. */
  add({ name, state }: Pick<ProcessSnapshot, "name" | "state">): void {
    if (state === "ready" && !this.#ships.has(name)) this.#ships.set(name, undefined);
  }

  /**
   * Whether a process that has just entered its state may still be cleared; then `late` is called a second later if it was not, once.
   * Any state but unready ends the suspicion.
   */
  isOpen({ name, state }: Pick<ProcessSnapshot, "name" | "state">, late: () => void): boolean {
    if (!this.#ships.has(name)) return false;
    if (state !== "unready") {
      this.#forget(name);
      return false;
    }
    if (this.#ships.get(name) === undefined) {
      const timer = this.#clock.timer(clearedMs, () => {
        this.#forget(name);
        late();
      });
      this.#ships.set(name, timer);
    }
    return true;
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#ships.keys()]) this.#forget(name);
  }

  #forget(name: string): void {
    this.#ships.get(name)?.[Symbol.dispose]();
    this.#ships.delete(name);
  }
}
