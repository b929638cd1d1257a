import { randomFillSync } from "node:crypto";
import type { Clock } from "@mothership/kernel";

/** Who holds the keys of session tickets can read recorded TLS 1.2 sessions that they resumed, so they do not live long. */
const lifeMs = 12 * 3_600_000;
const keyBytes = 48;
/** When the keys were made, how often they were (odd while they are being written), and the keys. */
const at = { madeAt: 0, version: 8, keys: 16 } as const;
const memoryBytes = at.keys + keyBytes;

/** Memory for the keys of session tickets of one bind in several threads: what one of them has sealed, the others can open. */
export function ticketMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(memoryBytes);
}

/**
 * The keys that session tickets are sealed with, made anew when they have lived for 12 hours, by whichever thread notices first. The old ones
 * are forgotten. Threads that share memory have clocks that agree.
 */
export class TicketKeys {
  readonly #clock: Clock;
  readonly #times: Float64Array;
  readonly #version: Int32Array;
  readonly #keys: Uint8Array;
  #known = 0;

  constructor(clock: Clock, memory: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(memoryBytes)) {
    this.#clock = clock;
    this.#times = new Float64Array(memory, at.madeAt, 1);
    this.#version = new Int32Array(memory, at.version, 1);
    this.#keys = new Uint8Array(memory, at.keys, keyBytes);
  }

  /** The keys, where they have changed since the last call. */
  changed(): Buffer | undefined {
    const version = Atomics.load(this.#version, 0);
    // Another thread writes them at this moment; those of before do for one more handshake.
    if (version % 2 === 1) return undefined;
    const now = this.#clock.now();
    if (version === 0 || now - this.#times[0]! >= lifeMs) this.#make(version, now);
    else if (version === this.#known) return undefined;
    const seen = Atomics.load(this.#version, 0);
    const keys = Buffer.from(this.#keys);
    if (seen % 2 === 1 || Atomics.load(this.#version, 0) !== seen) return undefined;
    this.#known = seen;
    return keys;
  }

  #make(version: number, now: number): void {
    if (Atomics.compareExchange(this.#version, 0, version, version + 1) !== version) return;
    randomFillSync(this.#keys);
    this.#times[0] = now;
    Atomics.store(this.#version, 0, version + 2);
  }
}
