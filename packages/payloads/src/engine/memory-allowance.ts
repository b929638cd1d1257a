/**
 * How much memory of guests may be thrown away and made anew. The engine collects instances late, so a guest that is replaced in a tight
 * loop would fill the machine with the memories of its predecessors.
 */
export interface AllowancePolicy {
  /** Bytes that may go at once. */
  readonly burstBytes: number;
  /** Bytes by which the allowance recovers in a second. */
  readonly bytesPerSecond: number;
}

const allowancePolicy: AllowancePolicy = { burstBytes: 64 * 1024 * 1024, bytesPerSecond: 32 * 1024 * 1024 };

/** A bucket of bytes. All times are given, in milliseconds of one clock. */
export class MemoryAllowance {
  readonly #policy: AllowancePolicy;
  #bytes: number;
  #at: number;

  constructor(now: number, policy: AllowancePolicy = allowancePolicy) {
    this.#policy = policy;
    this.#bytes = policy.burstBytes;
    this.#at = now;
  }

  /** 0 when a new instance may be made; else how long to wait. */
  waitMs(now: number): number {
    this.#refill(now);
    return this.#bytes >= 0 ? 0 : Math.ceil((-this.#bytes / this.#policy.bytesPerSecond) * 1000);
  }

  /** An instance with so much memory was dropped. */
  dropped(now: number, bytes: number): void {
    this.#refill(now);
    this.#bytes -= bytes;
  }

  #refill(now: number): void {
    const { burstBytes, bytesPerSecond } = this.#policy;
    this.#bytes = Math.min(burstBytes, this.#bytes + ((now - this.#at) / 1000) * bytesPerSecond);
    this.#at = now;
  }
}
