/*
 * Token buckets that several threads take from, in memory that they share. A bucket is one number, the moment at which it is full again
 * (`token-bucket.ts`), so that one compare-and-exchange takes a token: no lock, nothing to clean up after a thread that died in the middle,
 * and no client gets more because its connections are spread over threads.
 *
 * Clients have places in a table: a keyed hash of the name chooses a row of 16, and a tag of 32 more bits tells those in a row apart. A place
 * whose bucket is full again is free, for a full bucket needs no state. When a row has no free place, the client in it that is nearest to a
 * full bucket begins anew. Two threads may, at the moment at which a place changes hands, each see another client there; what that costs
 * is one token too many or too few.
 */
import { randomFillSync } from "node:crypto";
import { ShortHash } from "./short-hash.ts";
import { afterTaking, type Rate, wholeTokens } from "./token-bucket.ts";

const placesOfRow = 16;
/** Twice as many places as clients, so that rows are seldom full. */
const spare = 2;
/** The key of the hash and the bucket of all clients together stand before the table. */
const header = { globalAt: 0, keyAt: 8, bytes: 16 } as const;
const bytesOfPlace = 12;

/** Memory for the limits of one `rateLimit` in several threads, 12 bytes for each of `maxClients`, rounded up to a power of two, and as much again to spare. */
export function rateLimitMemory(maxClients = 100_000): SharedArrayBuffer {
  const places = 2 ** Math.ceil(Math.log2(Math.max(placesOfRow, maxClients * spare)));
  const memory = new SharedArrayBuffer(header.bytes + places * bytesOfPlace);
  randomFillSync(new Uint8Array(memory, header.keyAt, 8));
  return memory;
}

/** Nanoseconds of the threads' common clock: rates may be a token in less than a microsecond. */
const perMs = 1e6;

/** A bucket at one place of an array. */
class Place {
  readonly #times: BigInt64Array;
  readonly #rate: Rate;

  constructor(times: BigInt64Array, rate: Rate) {
    this.#times = times;
    this.#rate = rate;
  }

  fullAt(at: number): number {
    return Number(Atomics.load(this.#times, at)) / perMs;
  }

  /** When it will be full again after one token was taken; undefined when there was none. */
  take(at: number, now: number): number | undefined {
    for (;;) {
      const seen = Atomics.load(this.#times, at);
      const fullAt = Number(seen) / perMs;
      if (wholeTokens(this.#rate, fullAt, now) < 1) return undefined;
      const next = afterTaking(this.#rate, fullAt, now);
      if (Atomics.compareExchange(this.#times, at, seen, BigInt(Math.round(next * perMs))) === seen) return next;
    }
  }

  giveBack(at: number): void {
    Atomics.sub(this.#times, at, BigInt(Math.round(this.#rate.msPerToken * perMs)));
  }

  /** Makes it full, unless another thread took from it meanwhile. */
  refill(at: number): void {
    const seen = Atomics.load(this.#times, at);
    Atomics.compareExchange(this.#times, at, seen, 0n);
  }
}

/** The bucket of all clients together. */
export class SharedBucket {
  readonly rate: Rate;
  readonly #place: Place;

  constructor(rate: Rate, memory: SharedArrayBuffer) {
    this.rate = rate;
    this.#place = new Place(new BigInt64Array(memory, header.globalAt, 1), rate);
  }

  get fullAt(): number {
    return this.#place.fullAt(0);
  }

  take(now: number): number | undefined {
    return this.#place.take(0, now);
  }

  giveBack(): void {
    this.#place.giveBack(0);
  }
}

/** A bucket for each client. `onForgotten` hears of each that begins anew because there were too many. */
export class SharedClientBuckets {
  readonly rate: Rate;
  readonly #place: Place;
  readonly #tags: Int32Array;
  readonly #rows: number;
  readonly #hash: ShortHash;
  readonly #onForgotten: ((clients: number) => void) | undefined;

  constructor(rate: Rate, memory: SharedArrayBuffer, onForgotten?: (clients: number) => void) {
    const places = Math.floor((memory.byteLength - header.bytes) / bytesOfPlace);
    const key = new Int32Array(memory, header.keyAt, 2);
    this.rate = rate;
    this.#rows = places / placesOfRow;
    this.#place = new Place(new BigInt64Array(memory, header.bytes, places), rate);
    this.#tags = new Int32Array(memory, header.bytes + places * 8, places);
    this.#hash = new ShortHash({ low: key[0]!, high: key[1]! });
    this.#onForgotten = onForgotten;
  }

  /** When the bucket of `client` will be full again; a moment that has passed for one that is full. */
  fullAt(client: string): number {
    const at = this.#find(client);
    return at === undefined ? Number.NEGATIVE_INFINITY : this.#place.fullAt(at);
  }

  /** Takes one token; when the bucket will be full again, or undefined when there was none. */
  take(client: string, now: number): number | undefined {
    for (;;) {
      const at = this.#find(client) ?? this.#claim(now);
      if (at !== undefined) return this.#place.take(at, now);
    }
  }

  #find(client: string): number | undefined {
    this.#hash.of(client);
    const tag = this.#tag;
    const row = this.#row;
    for (let at = row; at < row + placesOfRow; at++) if (Atomics.load(this.#tags, at) === tag) return at;
    return undefined;
  }

  /** A place for the client that was looked for last; undefined when another thread was faster. */
  #claim(now: number): number | undefined {
    const row = this.#row;
    let [best, owner, earliest] = [row, 0, Number.POSITIVE_INFINITY];
    for (let at = row; at < row + placesOfRow; at++) {
      // Whose it is comes first: if it changes hands after that, the exchange fails.
      const tag = Atomics.load(this.#tags, at);
      const fullAt = this.#place.fullAt(at);
      if (fullAt <= now) return this.#exchange(at, tag);
      if (fullAt < earliest) [best, owner, earliest] = [at, tag, fullAt];
    }
    const taken = this.#exchange(best, owner);
    if (taken === undefined) return undefined;
    this.#place.refill(best);
    this.#onForgotten?.(1);
    return taken;
  }

  #exchange(at: number, before: number): number | undefined {
    return Atomics.compareExchange(this.#tags, at, before, this.#tag) === before ? at : undefined;
  }

  get #row(): number {
    return (this.#hash.high & (this.#rows - 1)) * placesOfRow;
  }

  /** 0 is a place that nobody had yet. */
  get #tag(): number {
    return this.#hash.low | 0 || 1;
  }
}
