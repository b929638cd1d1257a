import {
  type ControlLogLine,
  type FleetControl,
  type FleetEvent,
  type FleetSnapshot,
  type LogsOptions,
  type ReloadPlan,
  type UnitExplanation,
  UnitUnknownError,
} from "@mothership/control";
import type { AbortOptions, Deps } from "@mothership/kernel";
import type { Manifest, Ship } from "@mothership/manifest";
import type { Supervisor } from "@mothership/supervisor";
import type { Edge } from "./edge.ts";
import { SignalRefusedError } from "./errors.ts";
import { EventLog } from "./event-log.ts";
import { logStream } from "./log-stream.ts";
import type { Surroundings } from "./plan/processes.ts";
import { planOf, reloadFleet } from "./reload.ts";
import type { StatusKeeper } from "./status.ts";
import { explanationOf, shipsOf, unitOf } from "./units.ts";

/** What a fleet is made of. */
export interface FleetParts {
  readonly supervisor: Supervisor;
  readonly keeper: StatusKeeper;
  readonly deps: Deps;
  readonly about: {
    readonly version: string;
    /** Absolute path of the manifest. */
    readonly path: string;
    /** Reads the manifest again, narrowed as at the start. @throws {ManifestError} */
    readonly read: () => Promise<Manifest>;
  };
  /** The processes that a manifest asks for are made of it and this. */
  readonly surroundings: Surroundings;
}

/** The control of a fleet in the process that runs it. Usable from the moment that the supervisor exists; the edge may come later. */
export class RunningFleetControl implements FleetControl {
  readonly #parts: FleetParts;
  readonly #events: EventLog;
  #manifest: Manifest;
  #ships: ReadonlyMap<string, Ship>;
  #edge: Edge | undefined;
  #since: number;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(manifest: Manifest, parts: FleetParts) {
    this.#parts = parts;
    this.#manifest = manifest;
    this.#ships = shipsOf(manifest);
    this.#events = new EventLog(parts.deps.clock);
    this.#since = parts.deps.clock.wallTime();
    parts.keeper.events.on("statusChanged", ({ to, reason }) => {
      this.#since = parts.deps.clock.wallTime();
      this.#events.add({ type: "status", status: to, ...(reason !== undefined && { reason }) });
    });
    parts.supervisor.events.on("stateChanged", ({ name }) => {
      const ship = this.#ships.get(name);
      if (ship) this.#events.add({ type: "unit", unit: unitOf(ship, parts.supervisor.get(name)) });
    });
  }

  /** The edge is open. */
  attach(edge: Edge): void {
    this.#edge = edge;
  }

  async snapshot(): Promise<FleetSnapshot> {
    const { supervisor, keeper, about } = this.#parts;
    return {
      status: keeper.status,
      since: this.#since,
      seq: this.#events.seq,
      pid: process.pid,
      version: about.version,
      manifest: about.path,
      listening: this.#edge?.listening ?? [],
      units: Array.from(this.#ships.values(), (ship) => unitOf(ship, supervisor.get(ship.name))),
      modules: this.#manifest.modules.map(({ name, phase }) => ({ name, phase })),
    };
  }

  watch(options?: AbortOptions & { readonly after?: number }): AsyncIterable<FleetEvent> {
    return this.#events.read(options);
  }

  logs(options: LogsOptions = {}): AsyncIterable<ControlLogLine> {
    const names = options.units?.length ? options.units : [...this.#ships.keys()];
    for (const name of names) this.#ship(name);
    return logStream(this.#parts.supervisor, names, options);
  }

  async explain(unit: string): Promise<UnitExplanation> {
    return explanationOf(this.#ship(unit), this.#parts.supervisor.get(unit));
  }

  async start(unit: string, options?: AbortOptions): Promise<void> {
    this.#ship(unit);
    await this.#parts.supervisor.start([unit], options);
  }

  async stop(unit: string, options?: AbortOptions): Promise<void> {
    this.#ship(unit);
    await this.#parts.supervisor.stop([unit], options);
  }

  async restart(unit: string, options?: AbortOptions): Promise<void> {
    this.#ship(unit);
    await this.#parts.supervisor.restart(unit, options);
  }

  async signal(unit: string, signal: string): Promise<void> {
    this.#ship(unit);
    // The server takes only names that this system has.
    if (!this.#parts.supervisor.signal(unit, signal as NodeJS.Signals)) throw new SignalRefusedError(unit);
  }

  async plan(): Promise<ReloadPlan> {
    return planOf(this.#manifest, await this.#parts.about.read());
  }

  /** One at a time: a second reload reads the manifest after the first is done. */
  reload(options: AbortOptions = {}): Promise<ReloadPlan> {
    const run = this.#reloading.then(() => this.#reload(options));
    this.#reloading = run.catch(() => undefined);
    return run;
  }

  async #reload({ signal }: AbortOptions): Promise<ReloadPlan> {
    const { supervisor, surroundings, about, deps } = this.#parts;
    const next = await about.read();
    const before = this.#manifest;
    const adopt = (manifest: Manifest): void => {
      this.#manifest = manifest;
      this.#ships = shipsOf(manifest);
    };
    return await reloadFleet({ before, next, adopt, supervisor, edge: this.#edge, surroundings, deps }, { signal });
  }

  #ship(name: string): Ship {
    const ship = this.#ships.get(name);
    if (!ship) throw new UnitUnknownError(name, [...this.#ships.keys()]);
    return ship;
  }
}
