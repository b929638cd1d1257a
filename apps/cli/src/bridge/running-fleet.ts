import type { FleetControl } from "@mothership/control";
import { type AbortOptions, type Closable, type Deps, deadline, type Subscribable } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import type { ProcessSnapshot, Supervisor } from "@mothership/supervisor";
import type { Edge } from "./edge.ts";
import type { FinalStatus, Status } from "./lifecycle.ts";
import type { MothershipEvents, StatusKeeper } from "./status-keeper.ts";
import type { Suspects } from "./suspects.ts";

/** How a mothership ended. */
export interface Ending {
  readonly status: FinalStatus;
  /** 0 after a stop that was asked for; the essential ship's own code after a crash. */
  readonly exitCode: number;
}

/** A fleet that runs. */
export interface Mothership extends Closable {
  readonly status: Status;
  readonly events: Subscribable<MothershipEvents>;
  /** Where the network reaches it: each bind with the address that it really has. */
  readonly listening: readonly { readonly bind: string; readonly address: string }[];
  /** Looking at its units, and steering them. */
  readonly control: FleetControl;
  /** Resolves when nothing of it is left, for whatever reason it ended. */
  readonly finished: Promise<Ending>;
}

/** What runs, in the order in which it was opened. */
export interface OpenParts {
  readonly supervisor: Supervisor;
  readonly edge: Edge;
  readonly control: FleetControl;
  readonly suspects: Suspects;
  /** What answers to the end: the control socket, the metrics page. */
  readonly servers: readonly Closable[];
  /** How long requests that run get at the end. */
  readonly drainMs: number;
}

/** Requests that run when the stop is asked for get so long, and never more than this share of the whole time; the rest belongs to the ships. */
const edgeDrain = { mostMs: 15_000, share: 0.6 };

/** How long requests that run get when a fleet of this manifest ends. */
export function drainMsOf({ mothership }: Manifest): number {
  return Math.min(edgeDrain.mostMs, mothership.shutdownTimeoutMs * edgeDrain.share);
}

/** What is down because somebody had it started or restarted is in no trouble: it failed, or what it had to run with is down. */
function inTrouble({ state, failures, incarnation, waitsFor }: ProcessSnapshot): boolean {
  return failures > 0 || state === "backoff" || state === "unready" || state === "failed" || (incarnation > 0 && waitsFor.length > 0);
}

/** From the end of launching to the end of all: follows the ships, and ends in order. */
export class RunningFleet implements Mothership {
  readonly finished: Promise<Ending>;
  readonly #parts: OpenParts;
  readonly #keeper: StatusKeeper;
  readonly #deps: Deps;
  readonly #force: AbortSignal | undefined;
  readonly #finish: (ending: Ending) => void;
  /** Essential processes that failed, are down and are being brought back. */
  readonly #distressed = new Set<string>();
  #closing: Promise<void> | undefined;

  constructor(parts: OpenParts, keeper: StatusKeeper, deps: Deps, force: AbortSignal | undefined) {
    this.#parts = parts;
    this.#keeper = keeper;
    this.#deps = deps;
    this.#force = force;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.finished = promise;
    this.#finish = resolve;
    const { events } = parts.supervisor;
    events.on("stateChanged", ({ name }) => this.#watchDistress(name));
    events.on("essentialLost", ({ name, exitCode, reason }) => this.#crash(`ship "${name}": ${reason}`, exitCode));
    keeper.move("advance");
  }

  get status(): Status {
    return this.#keeper.status;
  }

  get events(): Subscribable<MothershipEvents> {
    return this.#keeper.events;
  }

  get listening(): readonly { readonly bind: string; readonly address: string }[] {
    return this.#parts.edge.listening;
  }

  get control(): FleetControl {
    return this.#parts.control;
  }

  close(options: AbortOptions = { signal: this.#force }): Promise<void> {
    this.#keeper.move("stop", "a stop was asked for");
    return this.#end({ status: "landed", exitCode: 0 }, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #crash(reason: string, exitCode: number): void {
    if (this.#closing) return;
    this.#keeper.move("crash", reason);
    const ended = this.#end({ status: "crashed", exitCode }, { signal: this.#force });
    ended.catch((error: unknown) => this.#deps.log.error("The fleet did not end cleanly", { error }));
  }

  #watchDistress(name: string): void {
    if (this.#closing) return;
    const process = this.#parts.supervisor.get(name);
    const { essential, healthy, state, desired } = process;
    const late = (): void => this.#watchDistress(name);
    if (this.#parts.suspects.isOpen(process, late)) return;
    if (!essential || desired === "stop" || healthy || state === "completed") this.#distressed.delete(name);
    else if (inTrouble(process)) this.#distressed.add(name);
    if (this.#distressed.size === 0) this.#keeper.move("recover");
    else this.#keeper.move("distress", `down: ${[...this.#distressed].join(", ")}`);
  }

  /** The network first, so that no request meets a ship that is leaving; then the ships, in the reverse of their order. */
  #end(ending: Ending, { signal }: AbortOptions): Promise<void> {
    this.#closing ??= (async () => {
      this.#parts.suspects[Symbol.dispose]();
      using limit = deadline("finishing the requests that run", this.#parts.drainMs, this.#deps.clock, signal);
      // A bay ends by itself when its link is closed for long, and a ship may crash: neither is wanted back any more.
      this.#parts.supervisor.holdStarts();
      await this.#parts.edge.close({ signal: limit.signal });
      await this.#parts.supervisor.close({ signal });
      this.#keeper.move("drained");
      for (const server of this.#parts.servers) await server.close();
      this.#finish(ending);
    })();
    return this.#closing;
  }
}
