import type { Clock } from "@mothership/kernel";
import type { Client } from "./client.ts";
import { closeCodes } from "./close-codes.ts";
import type { Port } from "./port.ts";
import type { CompleteBaySpec } from "./spec.ts";

/** Gives clients that have no link to the links that take some, and does not let those who were connected wait for ever. */
export class Assignment {
  readonly #spec: CompleteBaySpec;
  readonly #clock: Clock;
  readonly #ports: ReadonlySet<Port>;
  readonly #waiting = new Set<Client>();
  #holding: Disposable | undefined;

  constructor(spec: CompleteBaySpec, clock: Clock, ports: ReadonlySet<Port>) {
    this.#spec = spec;
    this.#clock = clock;
    this.#ports = ports;
  }

  /** Clients without a link. */
  get size(): number {
    return this.#waiting.size;
  }

  add(client: Client): void {
    this.#waiting.add(client);
    if (client.state === "adrift") this.#holding ??= this.#clock.timer(this.#spec.limits.holdMs, () => this.#giveUp());
    this.run();
  }

  remove(client: Client): void {
    this.#waiting.delete(client);
  }

  /** To be called when a link begins to take clients, or has room again. */
  run(): void {
    for (const client of this.#waiting) {
      const port = this.#choose();
      if (!port) return;
      this.#waiting.delete(client);
      if (client.state === "adrift" && !port.reboards && !this.#spec.reboard)
        client.close(closeCodes.serviceRestart, "the service restarts", "mothership");
      else client.board(port);
    }
    this.close();
  }

  close(): void {
    this.#holding?.[Symbol.dispose]();
    this.#holding = undefined;
  }

  /** The link with the fewest clients. */
  #choose(): Port | undefined {
    let best: Port | undefined;
    for (const port of this.#ports) if (port.open && (!best || port.size < best.size)) best = port;
    return best;
  }

  #giveUp(): void {
    this.#holding = undefined;
    for (const client of this.#waiting) {
      if (client.state === "adrift") client.close(closeCodes.serviceRestart, "the service did not come back in time", "mothership");
    }
  }
}
