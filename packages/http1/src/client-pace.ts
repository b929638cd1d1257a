import type { Clock } from "@mothership/kernel";
import type { UpstreamFailure } from "./errors.ts";
import type { InboundBody } from "./inbound-body.ts";
import type { Output } from "./output.ts";
import { Stall } from "./stall.ts";
import type { ClientTimeouts } from "./types.ts";
import { Watch } from "./watch.ts";

/** How long an upstream may take for what it is doing now. One deadline at a time; none after `stop`. */
export class ClientPace {
  /** A response body that is quiet for long is normal. */
  patient = false;
  readonly #output: Output;
  readonly #timeouts: ClientTimeouts;
  readonly #clock: Clock;
  readonly #watch: Watch;
  readonly #stall: Stall;
  #stopped = false;

  constructor(output: Output, timeouts: ClientTimeouts, clock: Clock, onDue: () => void) {
    this.#output = output;
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#watch = new Watch(clock, onDue);
    this.#stall = new Stall(output);
  }

  dialling(): void {
    this.#watch.set(this.#timeouts.connectMs);
  }

  /** Free for so long. */
  idle(ms: number): void {
    this.#watch.set(ms);
  }

  /** The body is held until the upstream asks for it. */
  holding(): void {
    this.#watch.set(this.#timeouts.continueMs);
  }

  /** It is the upstream's turn, once it has taken the whole request. */
  answer(): void {
    if (this.#output.full) this.moving(undefined);
    else this.#watch.set(this.#timeouts.firstByteMs);
  }

  /** Bytes have to move: those of this body, or those of the output. */
  moving(body: InboundBody | undefined): void {
    if (this.#stopped) return;
    this.#stall.mark(body, this.#clock.now());
    this.#watch.set(this.#timeouts.stallMs);
  }

  /** It is not the upstream's turn. */
  free(): void {
    this.#watch.clear();
  }

  stop(): void {
    this.#stopped = true;
    this.#watch.stop();
  }

  /**
   * What to fail with, now that the deadline of a request under way has passed; undefined where something moved and a new one was set, or it was
   * nobody's turn. `sent`: the whole request is in the output.
   */
  overdue(sent: boolean, body: InboundBody | undefined): UpstreamFailure | undefined {
    const writing = this.#output.full;
    if (!body && sent && !writing) return "MS_HTTP1_FIRST_BYTE_TIMEOUT";
    const reading = body?.wanted === true && !this.patient;
    const stalled = writing ? !this.#stall.wrote : reading && this.#stall.tooSlow(body, 0, this.#clock.now());
    if (stalled) return "MS_HTTP1_STALLED";
    if (writing || reading) this.moving(body);
    return undefined;
  }
}
