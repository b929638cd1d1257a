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
import type { Manifest, PrelaunchJob } from "@mothership/manifest";
import type { Supervisor } from "@mothership/supervisor";
import type { Edge } from "./edge.ts";
import { JobFixedError, SignalRefusedError } from "./errors.ts";
import { EventLog } from "./event-log.ts";
import { logStream } from "./log-stream.ts";
import type { Planner } from "./plan/fleet.ts";
import { planOf, reloadFleet } from "./reload.ts";
import type { StatusKeeper } from "./status-keeper.ts";
import { explanationOf, jobUnitOf, type Member, membersOf, type Traffic, unitOf } from "./units.ts";

/** What a fleet is made of. */
export interface FleetParts {
  readonly supervisor: Supervisor;
  /** Runs the prelaunch jobs; when it is closed, it still knows how they went and what they printed. */
  readonly jobs: Supervisor;
  readonly keeper: StatusKeeper;
  readonly deps: Deps;
  readonly about: {
    readonly version: string;
    /** Absolute path of the manifest. */
    readonly path: string;
    /** Reads the manifest again, narrowed as at the start. @throws {ManifestError} */
    readonly read: () => Promise<Manifest>;
  };
  readonly planner: Planner;
}

/** The control of a fleet in the process that runs it. Usable from the moment that the supervisor exists; the edge may come later. */
export class RunningFleetControl implements FleetControl {
  readonly #parts: FleetParts;
  readonly #events: EventLog;
  #manifest: Manifest;
  #members: ReadonlyMap<string, Member>;
  #edge: Edge | undefined;
  #since: number;
  /** Those that run here, as the manifest had them at the start. */
  #jobs: ReadonlyMap<string, PrelaunchJob>;
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(manifest: Manifest, parts: FleetParts) {
    this.#parts = parts;
    this.#manifest = manifest;
    this.#members = membersOf(manifest);
    this.#jobs = new Map(manifest.mothership.prelaunch.map((job) => [job.name, job]));
    this.#events = new EventLog(parts.deps.clock);
    this.#since = parts.deps.clock.wallTime();
    parts.keeper.events.on("statusChanged", ({ to, reason }) => {
      this.#since = parts.deps.clock.wallTime();
      this.#events.add({ type: "status", status: to, ...(reason !== undefined && { reason }) });
    });
    parts.jobs.events.on("stateChanged", ({ name }) => {
      const job = this.#jobs.get(name);
      if (job) this.#events.add({ type: "unit", unit: jobUnitOf(job, parts.jobs.get(name)) });
    });
    parts.supervisor.events.on("stateChanged", ({ name }) => {
      const member = this.#members.get(name);
      if (member) this.#events.add({ type: "unit", unit: unitOf(member, parts.supervisor.get(name), this.#traffic(name)) });
    });
  }

  /** Another server runs the prelaunch jobs: there is nothing to be seen of them here. */
  jobsRunElsewhere(): void {
    this.#jobs = new Map();
  }

  /** The manifest in force. */
  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Ships and bays by name, as the manifest in force has them. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** The edge is open. */
  attach(edge: Edge): void {
    this.#edge = edge;
  }

  async snapshot(): Promise<FleetSnapshot> {
    const { supervisor, jobs, keeper, about } = this.#parts;
    return {
      status: keeper.status,
      since: this.#since,
      seq: this.#events.seq,
      pid: process.pid,
      version: about.version,
      manifest: about.path,
      listening: this.#edge?.listening ?? [],
      units: [
        ...Array.from(this.#jobs.values(), (job) => jobUnitOf(job, jobs.get(job.name))),
        ...Array.from(this.#members.values(), (member) => unitOf(member, supervisor.get(member.name), this.#traffic(member.name))),
      ],
      modules: this.#manifest.modules.map(({ name, phase }) => ({ name, phase })),
      ...(this.#edge && this.#edge.threads.length > 0 && { threads: this.#edge.threads }),
    };
  }

  watch(options?: AbortOptions & { readonly after?: number }): AsyncIterable<FleetEvent> {
    return this.#events.read(options);
  }

  logs(options: LogsOptions = {}): AsyncIterable<ControlLogLine> {
    const names = options.units?.length ? options.units : [...this.#jobs.keys(), ...this.#members.keys()];
    return logStream(
      names.map((name) => [name, this.#home(name)]),
      options,
    );
  }

  async explain(unit: string): Promise<UnitExplanation> {
    const supervisor = this.#home(unit);
    return explanationOf(this.#jobs.get(unit) ?? this.#member(unit), supervisor.get(unit), this.#traffic(unit));
  }

  async start(unit: string, options?: AbortOptions): Promise<void> {
    this.#member(unit);
    await this.#parts.supervisor.start([unit], options);
  }

  async stop(unit: string, options?: AbortOptions): Promise<void> {
    this.#member(unit);
    await this.#parts.supervisor.stop([unit], options);
  }

  async restart(unit: string, options?: AbortOptions): Promise<void> {
    this.#member(unit);
    await this.#parts.supervisor.restart(unit, options);
  }

  async signal(unit: string, signal: string): Promise<void> {
    this.#member(unit);
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
    const { supervisor, planner, about, deps } = this.#parts;
    const next = await about.read();
    const before = this.#manifest;
    const adopt = (manifest: Manifest): void => {
      this.#manifest = manifest;
      this.#members = membersOf(manifest);
    };
    return await reloadFleet({ before, next, adopt, supervisor, edge: this.#edge, planner, deps }, { signal });
  }

  #traffic(name: string): Traffic {
    return { clients: this.#edge?.clients(name), requests: this.#parts.planner.requestsOf(name) };
  }

  /** Which supervisor knows this unit. @throws {UnitUnknownError} */
  #home(name: string): Supervisor {
    if (this.#jobs.has(name)) return this.#parts.jobs;
    this.#member(name);
    return this.#parts.supervisor;
  }

  /** One that may be steered. */
  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member) return member;
    if (this.#jobs.has(name)) throw new JobFixedError(name);
    throw new UnitUnknownError(name, [...this.#jobs.keys(), ...this.#members.keys()]);
  }
}
