const nothing = Buffer.alloc(0);
const smallestStore = 1_024;

/**
 * Bytes that arrived and are not used up yet. One chunk is kept as it came; only what has to wait for more is copied,
 * into a store that grows by doubling, so that a peer that sends single bytes costs no more than its bytes.
 */
export class Inbox {
  bytes: Buffer = nothing;
  /** First byte that is not used up. */
  at = 0;
  end = 0;
  /** `bytes` is our own store, free behind `end`. */
  #owned = false;

  get length(): number {
    return this.end - this.at;
  }

  push(chunk: Buffer): void {
    if (this.at === this.end) {
      this.bytes = chunk;
      this.at = 0;
      this.end = chunk.length;
      this.#owned = false;
      return;
    }
    const length = this.end - this.at + chunk.length;
    if (!this.#owned || this.end + chunk.length > this.bytes.length) {
      const store = Buffer.allocUnsafeSlow(Math.max(smallestStore, length * 2));
      this.bytes.copy(store, 0, this.at, this.end);
      this.end -= this.at;
      this.at = 0;
      this.bytes = store;
      this.#owned = true;
    }
    // What is used up may still be read by those it was handed to; only the free end is written.
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** Marks everything before `to` as used up. */
  take(to: number): void {
    this.at = to;
    if (to === this.end) this.clear();
  }

  clear(): void {
    this.bytes = nothing;
    this.at = this.end = 0;
    this.#owned = false;
  }

  /** Everything that is left, out of the inbox. */
  takeAll(): Buffer {
    const rest = this.bytes.subarray(this.at, this.end);
    this.clear();
    return rest;
  }
}
