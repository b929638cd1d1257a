import type { Clock } from "@mothership/kernel";
import type { ForwardWatch } from "@mothership/proxy";
import type { ShipWatch } from "../passive-health.ts";
import type { FromThread } from "./messages.ts";

/** Of one ship in one second: a row of failures is seen with far less, and a ship that is gone fails thousands of times. */
const maxPerSecond = 20;

/** What became of requests to ships in one thread, on its way to the main one, where failures of all threads make one row. */
export class Judgements implements ShipWatch {
  readonly #clock: Clock;
  readonly #post: (message: FromThread) => void;
  readonly #ships = new Map<string, { failing: boolean; second: number; told: number }>();

  constructor(clock: Clock, post: (message: FromThread) => void) {
    this.#clock = clock;
    this.#post = post;
  }

  watch(ship: string): ForwardWatch {
    const state = this.#ships.get(ship) ?? { failing: false, second: 0, told: 0 };
    this.#ships.set(ship, state);
    const tell = (failure: string | undefined): boolean => {
      const second = Math.floor(this.#clock.now() / 1000);
      if (second !== state.second) [state.second, state.told] = [second, 0];
      if (++state.told > maxPerSecond) return false;
      this.#post({ type: "judged", upstream: ship, failure });
      return true;
    };
    return {
      // Only what ends a row is news.
      answered: () => {
        if (state.failing) state.failing = !tell(undefined);
      },
      failed: (reason) => {
        state.failing = true;
        tell(reason);
      },
    };
  }

  retain(ships: ReadonlySet<string>): void {
    for (const ship of this.#ships.keys()) if (!ships.has(ship)) this.#ships.delete(ship);
  }
}
