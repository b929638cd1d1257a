import {
  type AbortOptions,
  type Clock,
  type Closable,
  type Deps,
  deadline,
  type Logger,
  messageOf,
  type Subscribable,
} from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { type LogSink, openSupervisor, runTasks, type Supervisor } from "@mothership/supervisor";
import { type Edge, openEdge } from "./edge.ts";
import type { FinalStatus, Status } from "./lifecycle.ts";
import { planEdge } from "./plan/edge.ts";
import { planProcesses, planTasks, type Surroundings } from "./plan/processes.ts";
import { assertLaunchable } from "./preflight.ts";
import { type MothershipEvents, StatusKeeper } from "./status.ts";
import { assertSupported } from "./supported.ts";

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
  /** Resolves when nothing of it is left, for whatever reason it ended. */
  readonly finished: Promise<Ending>;
}

export interface LaunchOptions extends AbortOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes every line that a process prints. */
  readonly sink: LogSink;
  readonly surroundings: Surroundings;
  /** When it fires, nobody is asked politely any more: connections are cut and processes killed. */
  readonly force?: AbortSignal | undefined;
}

/** Requests that run when the stop is asked for get so long; what is left of 25 s belongs to the ships. */
const edgeDrainMs = 15_000;

/**
 * Starts everything that the manifest asks for, phase after phase, and resolves when the fleet runs.
 *
 * If a phase fails or the signal fires, all that was started is ended before this rejects: with what failed, or with the signal's reason.
 */
export async function launch(manifest: Manifest, options: LaunchOptions): Promise<Mothership> {
  const { signal, force } = options;
  const keeper = new StatusKeeper(options.log);
  const opened: Closable[] = [];
  const stop = (): void => keeper.move("stop", "a stop was asked for");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    const fleet = await launchFleet(manifest, options, keeper, opened);
    signal?.throwIfAborted();
    fleet.run();
    return fleet;
  } catch (error) {
    if (signal?.aborted) stop();
    else keeper.move("fail", messageOf(error));
    for (const one of opened.reverse()) await one.close({ signal: force });
    keeper.move("drained");
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function launchFleet(manifest: Manifest, options: LaunchOptions, keeper: StatusKeeper, opened: Closable[]): Promise<RunningFleet> {
  const { clock, log, sink, surroundings, signal, force } = options;
  const deps: Deps = { clock, log };
  assertSupported(manifest);
  const tasks = planTasks(manifest, surroundings);
  const processes = planProcesses(manifest, surroundings);

  keeper.move("advance"); // preflight
  await assertLaunchable(manifest, [...tasks, ...processes], deps);
  // Listeners open before any process runs, so that a taken port fails the launch while that costs nothing. Until a ship is ready it is answered 503.
  const edge = await openEdge(planEdge(manifest), deps);
  opened.push(edge);
  signal?.throwIfAborted();

  keeper.move("advance"); // electing: alone, this one is the flagship
  keeper.move("advance"); // prelaunch
  await runTasks(tasks, { ...deps, sinks: [sink] }, { signal });

  keeper.move("advance"); // docking: no bays
  keeper.move("advance"); // launching
  const drain = (name: string, options: { readonly signal: AbortSignal }): Promise<void> => edge.drain(name, options);
  const supervisor = openSupervisor(processes, { ...deps, sinks: [sink], drain });
  opened.push(supervisor);
  const fleet = new RunningFleet(supervisor, edge, keeper, deps, force);
  await supervisor.start(undefined, { signal });
  return fleet;
}

class RunningFleet implements Mothership {
  readonly finished: Promise<Ending>;
  readonly #supervisor: Supervisor;
  readonly #edge: Edge;
  readonly #keeper: StatusKeeper;
  readonly #deps: Deps;
  readonly #finish: (ending: Ending) => void;
  readonly #force: AbortSignal | undefined;
  /** Essential processes that are down and are being brought back. */
  readonly #distressed = new Set<string>();
  #running = false;
  #closing: Promise<void> | undefined;

  constructor(supervisor: Supervisor, edge: Edge, keeper: StatusKeeper, deps: Deps, force: AbortSignal | undefined) {
    this.#supervisor = supervisor;
    this.#edge = edge;
    this.#keeper = keeper;
    this.#deps = deps;
    this.#force = force;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.finished = promise;
    this.#finish = resolve;
    supervisor.events.on("stateChanged", ({ name, to }) => {
      const healthy = to === "up" || to === "ready";
      edge.setAvailable(name, healthy);
      this.#distress(name, healthy || to === "completed");
    });
    supervisor.events.on("essentialLost", ({ name, exitCode, reason }) => {
      if (this.#running) this.#crash(`ship "${name}": ${reason}`, exitCode);
    });
  }

  get status(): Status {
    return this.#keeper.status;
  }

  get events(): Subscribable<MothershipEvents> {
    return this.#keeper.events;
  }

  get listening(): readonly { readonly bind: string; readonly address: string }[] {
    return this.#edge.listening;
  }

  /** Launching is over. */
  run(): void {
    this.#running = true;
    this.#keeper.move("advance");
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
    this.#end({ status: "crashed", exitCode }, { signal: this.#force }).catch((error: unknown) =>
      this.#deps.log.error("The fleet did not end cleanly", { error }),
    );
  }

  #distress(name: string, good: boolean): void {
    if (!this.#running || this.#closing) return;
    const process = this.#supervisor.get(name);
    if (!process.essential || process.desired === "stop") this.#distressed.delete(name);
    else if (good) this.#distressed.delete(name);
    else this.#distressed.add(name);
    if (this.#distressed.size === 0) this.#keeper.move("recover");
    else this.#keeper.move("distress", `down: ${[...this.#distressed].join(", ")}`);
  }

  /** The network first, so that no request meets a ship that is leaving; then the ships, in the reverse of their order. */
  #end(ending: Ending, { signal }: AbortOptions): Promise<void> {
    this.#closing ??= (async () => {
      using limit = deadline("finishing the requests that run", edgeDrainMs, this.#deps.clock, signal);
      await this.#edge.close({ signal: limit.signal });
      await this.#supervisor.close({ signal });
      this.#keeper.move("drained");
      this.#finish(ending);
    })();
    return this.#closing;
  }
}
