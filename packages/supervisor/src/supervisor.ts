import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import type { AbortOptions, Subscribable } from "@mothership/kernel";
import { deadline, Emitter, hasCode, messageOf } from "@mothership/kernel";
import { findCgroupParent } from "./cgroup.ts";
import type { Change } from "./change.ts";
import { planChange } from "./change.ts";
import { Places } from "./check.ts";
import type { Applied, ProcessSnapshot, StartOptions, Supervisor, SupervisorDeps, SupervisorOptions } from "./contract.ts";
import { DisabledError, StuckError, SupervisorClosedError, UnknownProcessError } from "./errors.ts";
import type { SupervisorEvents } from "./events.ts";
import { checkGraph, withDependencies } from "./graph.ts";
import type { LogLine } from "./lines.ts";
import { LivenessGuard } from "./liveness-guard.ts";
import { Mailbox } from "./mailbox.ts";
import { openMemoryWatch } from "./memory.ts";
import { isGone, isRunning, unmetNeeds } from "./needs.ts";
import { ManagedProcess } from "./process.ts";
import { openProcessTable, startTicksOf } from "./process-table.ts";
import { ReadingTurns } from "./reading-turns.ts";
import type { ProcessRecord } from "./record.ts";
import { Scheduler } from "./scheduler.ts";
import { findSetpriv } from "./spawn.ts";
import type { CompleteSpec, ProcessSpec } from "./spec.ts";
import { withDefaults } from "./spec.ts";
import { untilStarted } from "./start-wait.ts";
import { inStopOrder } from "./stop-order.ts";
import { Waits } from "./waits.ts";
import type { World } from "./world.ts";

/** Probes that are made at once, over all processes. */
const maxProbes = 32;

/**
 * Takes processes over. None is started before `start`.
 *
 * @throws {SpecError} when the specifications do not fit together.
 */
export function openSupervisor(specs: readonly ProcessSpec[], deps: SupervisorDeps, options: SupervisorOptions = {}): Supervisor {
  const complete = specs.map(withDefaults);
  checkGraph(complete);
  return new ProcessSet(specs, complete, deps, options);
}

class ProcessSet implements Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #shutdownMs: number;
  readonly #emitter: Emitter<SupervisorEvents>;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #scheduler: Scheduler;
  readonly #waits = new Waits<ManagedProcess>();
  /** The last command each was given, so that one that waits for its turn knows when it was overtaken. */
  readonly #commands = new WeakMap<ManagedProcess, symbol>();
  readonly #guard: LivenessGuard<ManagedProcess>;
  readonly #world: World;
  readonly #forced = new AbortController();
  readonly #memoryWatch: Disposable | undefined;
  #specs: readonly ProcessSpec[];
  #applying: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(specs: readonly ProcessSpec[], complete: readonly CompleteSpec[], deps: SupervisorDeps, options: SupervisorOptions) {
    const mailbox = new Mailbox();
    this.#deps = deps;
    this.#specs = specs;
    this.#shutdownMs = options.shutdownMs ?? 25_000;
    this.#emitter = new Emitter((error) => deps.log.error("a listener failed", { reason: messageOf(error) }));
    this.#scheduler = new Scheduler(options.maxStarting ?? Math.max(4, 2 * availableParallelism()), this.#processes);
    this.#guard = new LivenessGuard(() => deps.clock.now());
    this.#world = {
      deps: { random: Math.random, ...deps },
      fleetId: options.fleetId ?? randomBytes(9).toString("base64url"),
      dieWithSupervisor: (options.dieWithSupervisor ?? true) && findSetpriv() !== undefined,
      table: openProcessTable(startTicksOf(process.pid)),
      cgroups: options.cgroups === false ? undefined : findCgroupParent(),
      events: this.#emitter,
      probePlaces: new Places(maxProbes),
      turns: new ReadingTurns(deps.log),
      post: (run) => mailbox.post(run),
      changed: (process, before) => this.#changed(process, before),
      dependencyDown: ({ spec }) => spec.dependsOn.some(({ on }) => this.#isDown(on)),
      probed: (process, result) => this.#guard.probed(process, result),
      holdLiveness: (process) => this.#guard.hold(process, this.#processes.values()),
      late: (ms) => this.#guard.late(ms),
    };
    for (const spec of complete) this.#processes.set(spec.name, new ManagedProcess(spec, this.#world));
    this.#scheduler.rebuild();
    const { memoryIntervalMs = 5_000 } = options;
    if (memoryIntervalMs > 0)
      this.#memoryWatch = openMemoryWatch(memoryIntervalMs, this.#processes, this.#world.table, deps, (name, sample) =>
        this.#emitter.emit("memorySampled", { name, ...sample }),
      );
  }

  get events(): Subscribable<SupervisorEvents> {
    return this.#emitter;
  }

  get specs(): readonly ProcessSpec[] {
    return this.#specs;
  }

  async start(names?: readonly string[], { signal, leaveStopped = false }: StartOptions = {}): Promise<void> {
    this.#assertOpen(signal);
    const chosen = names ? names.map((name) => this.#find(name)) : [...this.#processes.values()].filter(({ spec }) => !spec.disabled);
    const disabled = chosen.find(({ spec }) => spec.disabled);
    if (disabled) throw new DisabledError(disabled.name);
    const asked = new Set(names);
    const needed = withDependencies(
      chosen.map((one) => one.name),
      this.#completeSpecs(),
    );
    for (const [name, process] of this.#processes) {
      // What is done is not done again only because something depends on it.
      if (needed.has(name) && (process.state !== "completed" || asked.has(name))) this.#command(process, "start");
    }
    await this.#untilStarted(chosen, signal, { stopped: leaveStopped ? "wish" : "fault" });
  }

  async stop(names?: readonly string[], { signal }: AbortOptions = {}): Promise<void> {
    this.#assertOpen(signal);
    await this.#stopInOrder(names ? names.map((name) => this.#find(name)) : [...this.#processes.values()], signal);
  }

  async restart(name: string, { signal }: AbortOptions = {}): Promise<void> {
    this.#assertOpen(signal);
    const process = this.#find(name);
    if (process.spec.disabled) throw new DisabledError(name);
    const { incarnation } = process.record;
    this.#command(process, "restart");
    await this.#untilStarted([process], signal, { after: incarnation });
  }

  async apply(specs: readonly ProcessSpec[], { signal }: AbortOptions = {}): Promise<Applied> {
    this.#assertOpen(signal);
    const complete = specs.map(withDefaults);
    checkGraph(complete);
    const run = this.#applying.then(() => this.#apply(specs, complete, signal));
    this.#applying = run.catch(() => undefined); // whoever called it is told
    return run;
  }

  suspect(name: string, reason: string): void {
    this.#find(name).suspect(reason);
  }

  signal(name: string, signal: NodeJS.Signals, { family = false }: { readonly family?: boolean } = {}): boolean {
    return this.#find(name).signal(signal, family);
  }

  get(name: string): ProcessSnapshot {
    const process = this.#find(name);
    return process.snapshot(process.state === "waiting" ? unmetNeeds(process, (one) => this.#processes.get(one)) : []);
  }

  snapshot(): readonly ProcessSnapshot[] {
    return [...this.#processes.keys()].map((name) => this.get(name));
  }

  logs(name: string, options: AbortOptions & { readonly tail?: number; readonly follow?: boolean } = {}): AsyncIterable<LogLine> {
    return this.#find(name).output.buffer.read(options);
  }

  holdStarts(): void {
    this.#scheduler.hold();
  }

  reopenLogFiles(): void {
    for (const process of this.#processes.values()) process.output.reopen();
  }

  close({ signal }: AbortOptions = {}): Promise<void> {
    const force = (): void => this.#forced.abort(signal?.reason);
    if (signal?.aborted) force();
    signal?.addEventListener("abort", force, { once: true });
    this.#closing ??= this.#close();
    return this.#closing.finally(() => signal?.removeEventListener("abort", force));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const all = [...this.#processes.values()];
    using limit = deadline("closing the supervisor", this.#shutdownMs, this.#deps.clock, this.#forced.signal);
    const force = (): void => {
      for (const process of all) {
        process.dispatch({ type: "stop" });
        process.hurry();
      }
    };
    const ended = this.#stopInOrder(all, undefined);
    if (limit.signal.aborted) force();
    else limit.signal.addEventListener("abort", force, { once: true });
    await ended.catch((error: unknown) => {
      // The event has told which; there is nothing more that could be done.
      if (!hasCode(error, "MS_PROCESS_STUCK")) throw error;
    });
    this.#memoryWatch?.[Symbol.dispose]();
    await this.#untilRead(all, limit.signal);
    await Promise.all(all.map((process) => process.release()));
  }

  /** Resolves when all output has been read. A sink that stays full does not hold this up beyond the signal. */
  async #untilRead(all: readonly ManagedProcess[], signal: AbortSignal): Promise<void> {
    const cut = (): void => {
      for (const { output } of all) output.cut();
    };
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    await Promise.all(all.map((process) => process.outputClosed));
    signal.removeEventListener("abort", cut);
  }

  async #apply(specs: readonly ProcessSpec[], complete: readonly CompleteSpec[], signal: AbortSignal | undefined): Promise<Applied> {
    this.#assertOpen(signal);
    const change = planChange(this.#completeSpecs(), complete);
    const started = this.#change(change);
    this.#specs = specs;
    await this.#untilStarted(started, signal);
    const removed = change.removed.map((name) => this.#find(name));
    await this.#stopInOrder(removed, signal);
    await this.#untilRead(removed, this.#forced.signal);
    for (const process of removed) await process.release();
    const ordered = complete.map(({ name }) => this.#find(name));
    this.#processes.clear();
    for (const process of ordered) this.#processes.set(process.name, process);
    this.#scheduler.rebuild();
    const namesOf = (list: readonly CompleteSpec[]): readonly string[] => list.map(({ name }) => name);
    return { added: namesOf(change.added), removed: change.removed, replaced: namesOf(change.replaced), updated: namesOf(change.updated) };
  }

  /** Puts new specifications in force and gives those that are to run now. */
  #change({ added, replaced, updated }: Change): readonly ManagedProcess[] {
    const wasDisabled = new Map([...this.#processes].map(([name, { spec }]) => [name, spec.disabled]));
    for (const spec of [...replaced, ...updated]) this.#find(spec.name).update(spec);
    for (const spec of added) this.#processes.set(spec.name, new ManagedProcess(spec, this.#world));
    this.#scheduler.rebuild();
    const toStart = new Set<ManagedProcess>();
    for (const spec of [...replaced, ...updated]) {
      const process = this.#find(spec.name);
      if (spec.disabled) {
        process.dispatch({ type: "disable" });
      } else if (wasDisabled.get(spec.name)) {
        process.dispatch({ type: "enable" });
        toStart.add(process);
      } else if (replaced.includes(spec) && process.record.desired === "run") {
        toStart.add(process);
      }
    }
    for (const { name, disabled } of added) if (!disabled) toStart.add(this.#find(name));
    for (const process of toStart) this.#command(process, "restart");
    return [...toStart];
  }

  #changed(process: ManagedProcess, before: ProcessRecord): void {
    if (!isRunning(process.record)) this.#guard.forget(process);
    this.#scheduler.changed(process, before);
    for (const one of this.#scheduler.affectedBy(process)) this.#waits.check(one);
  }

  #untilStarted(
    processes: readonly ManagedProcess[],
    signal: AbortSignal | undefined,
    { after = 0, stopped = "fault" }: { readonly after?: number; readonly stopped?: "fault" | "wish" } = {},
  ): Promise<void> {
    const deps = { waits: this.#waits, lookup: (name: string) => this.#processes.get(name), log: this.#deps.log, stopped };
    return untilStarted(processes, after, deps, { signal });
  }

  #command(process: ManagedProcess, type: "start" | "restart"): void {
    this.#commands.set(process, Symbol(type));
    process.dispatch({ type });
  }

  /** Each is told to stop once those of the set that depend on it are gone, unless a later command says otherwise. */
  async #stopInOrder(processes: readonly ManagedProcess[], signal: AbortSignal | undefined): Promise<void> {
    const command = Symbol("stop");
    const names = new Set(processes.map(({ name }) => name));
    for (const process of processes) {
      this.#commands.set(process, command);
      // What does not run must not begin to while it waits for its turn.
      if (isGone(process.record)) process.dispatch({ type: "stop" });
    }
    await inStopOrder(
      processes,
      ({ name }) => this.#scheduler.dependentsWithin(name, names).map((one) => this.#find(one)),
      (process) => this.#stopOne(process, command, signal),
    );
  }

  async #stopOne(process: ManagedProcess, command: symbol, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#commands.get(process) !== command) return;
    const { incarnation } = process.record;
    process.dispatch({ type: "stop" });
    const gone = await this.#waits.until(
      process,
      () => (isGone(process.record) || process.record.incarnation > incarnation ? process.record : undefined),
      { signal },
    );
    if (gone.stuck) throw new StuckError(process.name);
  }

  #isDown(name: string): boolean {
    const record = this.#processes.get(name)?.record;
    return record !== undefined && record.state !== "completed" && !isRunning(record);
  }

  #completeSpecs(): ReadonlyMap<string, CompleteSpec> {
    return new Map([...this.#processes].map(([name, { spec }]) => [name, spec]));
  }

  #find(name: string): ManagedProcess {
    const process = this.#processes.get(name);
    if (!process) throw new UnknownProcessError(name);
    return process;
  }

  #assertOpen(signal: AbortSignal | undefined): void {
    if (this.#closing) throw new SupervisorClosedError();
    signal?.throwIfAborted();
  }
}
