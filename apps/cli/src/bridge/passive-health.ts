import type { Clock } from "@mothership/kernel";
import type { ForwardWatch } from "@mothership/proxy";

/** So many failures in a row, of any requests, make a ship suspect. */
const failuresInRow = 5;
/** A ship is not suspected again before that: what passes its check and fails all the same would only go in and out. */
const restMs = 30_000;
/** Failures that say something about the whole ship. A slow answer is about its request, and a full queue about us. */
const telling: ReadonlySet<string> = new Set(["upstream-unreachable", "upstream-closed", "upstream-invalid"]);

/** Hears what becomes of requests to ships. */
export interface ShipWatch {
  /** Hears of all requests to one ship. */
  watch(ship: string): ForwardWatch;
  /** Forgets the ships that are not named. */
  retain(ships: ReadonlySet<string>): void;
}

/** Judges ships by what becomes of requests to them, and says when one should be looked at. */
export class PassiveHealth implements ShipWatch {
  readonly #clock: Clock;
  readonly #onSuspect: (ship: string, reason: string) => void;
  readonly #ships = new Map<string, { failures: number; suspectedAt: number }>();

  constructor(clock: Clock, onSuspect: (ship: string, reason: string) => void) {
    this.#clock = clock;
    this.#onSuspect = onSuspect;
  }

  watch(ship: string): ForwardWatch {
    const state = this.#ships.get(ship) ?? { failures: 0, suspectedAt: -Infinity };
    this.#ships.set(ship, state);
    return {
      answered: () => {
        state.failures = 0;
      },
      failed: (reason) => {
        if (!telling.has(reason)) return;
        state.failures++;
        const now = this.#clock.now();
        if (state.failures < failuresInRow || now - state.suspectedAt < restMs) return;
        state.failures = 0;
        state.suspectedAt = now;
        this.#onSuspect(ship, `${failuresInRow} requests in a row got no answer, the last one: ${reason}`);
      },
    };
  }

  retain(ships: ReadonlySet<string>): void {
    for (const ship of this.#ships.keys()) if (!ships.has(ship)) this.#ships.delete(ship);
  }
}
