import type { Clock } from "@mothership/kernel";
import type { InboundBody } from "./inbound-body.ts";
import type { Output } from "./output.ts";
import { Stall } from "./stall.ts";
import type { ServerTimeouts } from "./types.ts";
import { Watch } from "./watch.ts";

/** How long a client may take for what it is doing now. One deadline at a time. */
export class ServerPace {
  readonly #timeouts: ServerTimeouts;
  readonly #clock: Clock;
  readonly #output: Output;
  readonly #watch: Watch;
  readonly #stall: Stall;

  constructor(output: Output, timeouts: ServerTimeouts, clock: Clock, onDue: () => void) {
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#output = output;
    this.#watch = new Watch(clock, onDue);
    this.#stall = new Stall(output);
  }

  /** A head is awaited, or has begun. */
  head(): void {
    this.#watch.set(this.#timeouts.headMs);
  }

  /** Between two requests. */
  idle(): void {
    this.#watch.set(this.#timeouts.idleMs);
  }

  /** Bytes have to move: those of this body, or those of the output. */
  moving(body: InboundBody | undefined): void {
    this.#stall.mark(body, this.#clock.now());
    this.#watch.set(this.#timeouts.stallMs);
  }

  /** The same. `half`: the client closed its sending side, and waits or has gone. */
  working(body: InboundBody | undefined, half: boolean): void {
    if (!half || this.#output.full) {
      this.moving(body);
      return;
    }
    this.#stall.mark(undefined, this.#clock.now());
    this.#watch.set(this.#timeouts.halfCloseMs);
  }

  /** All was said. */
  linger(): void {
    this.#watch.set(this.#timeouts.lingerMs);
  }

  /** It is not the client's turn. */
  free(): void {
    this.#watch.clear();
  }

  stop(): void {
    this.#watch.stop();
  }

  /** The system took something since the deadline was set. */
  get wrote(): boolean {
    return this.#stall.wrote;
  }

  /**
   * What is wrong now that the deadline has passed while something was worked on. slow: nothing, or too little, of a wanted body came. gone: nothing
   * of the answer was taken. Undefined where something moved and a new deadline was set, or it was not the client's turn.
   */
  overdue(body: InboundBody | undefined, half: boolean): "slow" | "gone" | undefined {
    const wanted = body?.wanted === true;
    if (wanted && this.#stall.tooSlow(body, this.#timeouts.minBytesPerSecond, this.#clock.now())) return "slow";
    const writing = this.#output.full || half;
    if (writing && !this.wrote) return "gone";
    if (writing || wanted) this.working(body, half);
    return undefined;
  }
}
