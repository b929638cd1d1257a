import type { FleetControl } from "@mothership/control";
import type { Clock } from "@mothership/kernel";
import type { LogBuffer } from "./log-buffer.ts";
import { sameTarget } from "./update.ts";

/** A choice must stand this long before its logs are asked for: whoever runs through a list does not open a stream for each name. */
const settleMs = 80;
/**
 * At most so many lines are taken in so many milliseconds. Then the stream waits, keys get their turn, and the fleet drops what is too
 * much and says how many lines that were.
 */
const batchLines = 500;
const batchMs = 25;
/** Lines asked for to begin with: of one unit, and of all together. */
const tailOfOne = 1000;
const tailOfAll = 3000;

/** Fills the buffer with the lines of the units that are looked at. */
export class LogFeed {
  readonly #control: FleetControl;
  readonly #clock: Clock;
  readonly #buffer: LogBuffer;
  readonly #heard: { readonly changed: () => void; readonly failed: (error: unknown) => void };
  readonly #running = new Set<Promise<void>>();
  #units: readonly string[] = [];
  #stop = new AbortController();

  constructor(
    control: FleetControl,
    clock: Clock,
    buffer: LogBuffer,
    heard: { readonly changed: () => void; readonly failed: (error: unknown) => void },
  ) {
    this.#control = control;
    this.#clock = clock;
    this.#buffer = buffer;
    this.#heard = heard;
  }

  /**
   * From now on these units; none reads nothing. With `gone` nothing more can be read: what is there stays until other units are chosen.
   */
  follow(units: readonly string[], gone: boolean): void {
    if (sameTarget(units, this.#units) || (gone && units.length === 0)) return;
    this.#stop.abort();
    this.#units = units;
    this.#buffer.clear();
    if (units.length === 0 || gone) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const running = this.#read(units, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#heard.failed(error);
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Resolves when no stream is open any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #read(units: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(settleMs, { signal });
    const tail = units.length === 1 ? tailOfOne : Math.max(10, Math.floor(tailOfAll / units.length));
    let taken = 0;
    let began = this.#clock.now();
    for await (const line of this.#control.logs({ units, tail, follow: true, signal })) {
      if (signal.aborted) break;
      this.#buffer.push(line);
      this.#heard.changed();
      if (++taken < batchLines) continue;
      await this.#clock.sleep(Math.max(0, began + batchMs - this.#clock.now()), { signal });
      taken = 0;
      began = this.#clock.now();
    }
  }
}
