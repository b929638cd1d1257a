import type { InboundBody } from "./inbound-body.ts";
import type { Output } from "./output.ts";

/** Tells progress from a stall between two looks at a connection. */
export class Stall {
  readonly #output: Output;
  #since = 0;
  #received = 0;
  #dispatched = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** From here on progress counts. `now` in milliseconds. */
  mark(body: InboundBody | undefined, now: number): void {
    this.#since = now;
    this.#received = body?.received ?? 0;
    this.#dispatched = this.#output.dispatched;
  }

  /** The system took something since the mark. */
  get wrote(): boolean {
    return this.#output.dispatched > this.#dispatched;
  }

  /** Nothing of this body came since the mark, or less than a rate of `minBytesPerSecond` would have brought. */
  tooSlow(body: InboundBody, minBytesPerSecond: number, now: number): boolean {
    const came = body.received - this.#received;
    return came <= 0 || came < (minBytesPerSecond * (now - this.#since)) / 1000;
  }
}
