import { randomFillSync } from "node:crypto";
import type { Deps, LogLevel } from "@mothership/kernel";
import type { GuestPorts } from "../engine/ports.ts";
import { GuestFaultError } from "../errors.ts";
import { payloadLimits } from "../limits.ts";

/** What every guest gets, whatever its ABI: a log, a clock that stands still within a call, and random bytes. */
export class Services {
  readonly #ports: GuestPorts;
  readonly #deps: Deps;
  #lines = 0;
  #random = 0;
  #wallMs: number | undefined;
  #requestId: string | undefined;

  constructor(ports: GuestPorts, deps: Deps) {
    this.#ports = ports;
    this.#deps = deps;
  }

  /** A new call begins; without an id it is the start-up. */
  begin(requestId?: string): void {
    this.#requestId = requestId;
    this.#lines = 0;
    this.#random = 0;
    this.#wallMs = undefined;
  }

  /** Lines beyond the limit are left out, and the first of them is replaced by a word on that. */
  log(level: LogLevel, pointer: number, length: number): void {
    // Out of bounds is out of bounds, also for a line that nobody will read.
    this.#ports.view(pointer, length);
    this.#ports.charge(2000);
    if (this.#lines > payloadLimits.logLines) return;
    this.#lines++;
    const about = this.#requestId === undefined ? {} : { requestId: this.#requestId };
    if (this.#lines > payloadLimits.logLines) {
      this.#deps.log.warn("further log lines of the payload are left out", about);
      return;
    }
    const bytes = Math.min(length >>> 0, payloadLimits.logLineBytes);
    this.#deps.log[level]("payload", { ...about, text: this.#ports.textForPeople(pointer, bytes) });
  }

  /** Milliseconds since the epoch. Within a call always the same: no fine clock for a guest to measure us with. */
  wallMs(): number {
    this.#wallMs ??= this.#deps.clock.wallTime();
    return this.#wallMs;
  }

  /** Fills memory with random bytes, of which a call gets a limited number. */
  random(pointer: number, length: number): void {
    const view = this.#ports.view(pointer, length);
    this.#random += view.length;
    if (this.#random > payloadLimits.randomBytes)
      throw new GuestFaultError(`it asks for more than ${payloadLimits.randomBytes} random bytes`);
    this.#ports.charge(view.length * 16);
    randomFillSync(view);
  }
}
