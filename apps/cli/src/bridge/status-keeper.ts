import { Emitter, type Logger, type Subscribable } from "@mothership/kernel";
import { after, type Cause, type Status } from "./lifecycle.ts";

export interface MothershipEvents {
  /** The lifecycle moved on; `reason` where somebody would ask why. */
  statusChanged: { readonly from: Status; readonly to: Status; readonly reason?: string };
}

/** Holds the status, moves it by the table, and tells. */
export class StatusKeeper {
  readonly #emitter: Emitter<MothershipEvents>;
  readonly #log: Logger;
  #status: Status = "initializing";

  constructor(log: Logger) {
    this.#log = log;
    this.#emitter = new Emitter((error) => log.error("a listener failed", { error }));
  }

  get status(): Status {
    return this.#status;
  }

  get events(): Subscribable<MothershipEvents> {
    return this.#emitter;
  }

  /** Moves on where the table knows the cause; else nothing happens. */
  move(cause: Cause, reason?: string): void {
    const from = this.#status;
    const to = after(from, cause);
    if (to === undefined) return;
    this.#status = to;
    const fields = { status: to, from, reason };
    if (cause === "fail" || cause === "crash") this.#log.error("Status changed", fields);
    else if (cause === "distress") this.#log.warn("Status changed", fields);
    else this.#log.info("Status changed", fields);
    this.#emitter.emit("statusChanged", { from, to, ...(reason === undefined ? {} : { reason }) });
  }
}
