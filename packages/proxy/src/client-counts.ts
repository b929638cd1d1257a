import { createHmac, randomFillSync } from "node:crypto";

/** How many connections each client has. */
export interface ClientCounts {
  /** One more; how many there are now. */
  add(client: string): number;
  remove(client: string): void;
}

/** Of one thread; exact. Holds an entry only while a client has a connection. */
export class OwnCounts implements ClientCounts {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  add(client: string): number {
    const count = (this.#counts.get(client) ?? 0) + 1;
    this.#counts.set(client, count);
    return count;
  }

  remove(client: string): void {
    const count = this.#counts.get(client) ?? 0;
    if (count > 1) this.#counts.set(client, count - 1);
    else this.#counts.delete(client);
  }
}

/** Memory in which several threads count, and which of them this is, from 0. */
export interface SharedCountsPlace {
  readonly memory: SharedArrayBuffer;
  readonly thread: number;
}

const keyBytes = 32;
const rows = 3;
const cells = 2 ** 16;
const bytesOfThread = rows * cells * 4;

/** Memory for the connections of clients over so many threads, 768 KiB for each. */
export function clientCountsMemory(threads: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(keyBytes + threads * bytesOfThread);
  randomFillSync(new Uint8Array(memory, 0, keyBytes));
  return memory;
}

/** A thread is gone, and its connections with it. */
export function forgetCounts({ memory, thread }: SharedCountsPlace): void {
  cellsOf(memory, thread).fill(0);
}

/**
 * Of several threads. A client has a cell in each of three rows, chosen by a keyed hash, and its count is the least of the three: too high
 * only where it shares all of them with others, which takes some thousand clients to happen to one in a thousand. Each thread counts in
 * cells of its own, so that what one that died has counted can be forgotten.
 */
export class SharedCounts implements ClientCounts {
  readonly #key: Buffer;
  readonly #own: Int32Array;
  readonly #all: readonly Int32Array[];

  constructor({ memory, thread }: SharedCountsPlace) {
    const threads = Math.floor((memory.byteLength - keyBytes) / bytesOfThread);
    this.#key = Buffer.from(new Uint8Array(memory, 0, keyBytes));
    this.#all = Array.from({ length: threads }, (_, index) => cellsOf(memory, index));
    this.#own = cellsOf(memory, thread);
  }

  add(client: string): number {
    let least = Number.POSITIVE_INFINITY;
    for (const cell of this.#cellsOf(client)) {
      Atomics.add(this.#own, cell, 1);
      let sum = 0;
      for (const counts of this.#all) sum += Atomics.load(counts, cell);
      least = Math.min(least, sum);
    }
    return least;
  }

  remove(client: string): void {
    for (const cell of this.#cellsOf(client)) Atomics.sub(this.#own, cell, 1);
  }

  #cellsOf(client: string): readonly number[] {
    const hash = createHmac("sha256", this.#key).update(client).digest();
    return Array.from({ length: rows }, (_, row) => row * cells + hash.readUInt16LE(row * 2));
  }
}

function cellsOf(memory: SharedArrayBuffer, thread: number): Int32Array {
  return new Int32Array(memory, keyBytes + thread * bytesOfThread, rows * cells);
}
