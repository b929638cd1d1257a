import type { ChildProcess } from "node:child_process";
import type { Emitter } from "@mothership/kernel";
import { deadline, messageOf } from "@mothership/kernel";
import { Announcements, channelOf, ownPatterns } from "./announcements.ts";
import type { Places } from "./checker.ts";
import { hasReadiness, ProcessChecks } from "./checks.ts";
import type { ExitReport, ProcessSnapshot, SupervisorDeps } from "./contract.ts";
import { cookieFor, cookieName, cookiePrefix } from "./cookie.ts";
import type { SupervisorEvents } from "./events.ts";
import { exec } from "./exec.ts";
import type { Family } from "./family.ts";
import { familiesOf, signalGroup, signalMember } from "./family.ts";
import { ProcessOutput } from "./output.ts";
import type { ProbeSubject } from "./probes.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Cause, Effect, ProcessRecord, TimerName } from "./record.ts";
import { newRecord } from "./record.ts";
import { reduce } from "./reducer.ts";
import type { Launch } from "./spawn.ts";
import { isStarted, launch } from "./spawn.ts";
import type { CompleteSpec } from "./spec.ts";
import type { ProcessState } from "./state.ts";
import type { Sweep } from "./sweep.ts";
import { openSweep } from "./sweep.ts";

/** Exits that are remembered, and lines of output with each. */
const keptExits = 5;
const keptExitLines = 20;

/** What a process shares with the others of its set. */
export interface World {
  readonly deps: SupervisorDeps & { readonly random: () => number };
  readonly fleetId: string;
  readonly dieWithSupervisor: boolean;
  readonly table: ProcessTable;
  readonly events: Emitter<SupervisorEvents>;
  readonly probePlaces: Places;
  /** Runs this after all that was posted before: one thing at a time in the whole set. */
  post(run: () => void): void;
  /** The record of a process has changed. */
  changed(process: ManagedProcess, before: ProcessRecord): void;
  /** Something that this process depends on is down. */
  dependencyDown(process: ManagedProcess): boolean;
  /** Why a failing liveness check must not be acted on now, or undefined. */
  livenessGuard(process: ManagedProcess): string | undefined;
  /** A timer of a check fired too late by this much. */
  late(ms: number): void;
}

/** One process of the set: carries out what the reducer decides, and tells it what happens. Its parts are held here and nowhere else. */
export class ManagedProcess {
  readonly name: string;
  readonly output: ProcessOutput;
  readonly #world: World;
  readonly #checks: ProcessChecks;
  readonly #timers = new Map<TimerName, Disposable>();
  readonly #answers: Cause[] = [];
  #spec: CompleteSpec;
  #record: ProcessRecord;
  #since: number;
  #generation = 1;
  #child: ChildProcess | undefined;
  #pid = 0;
  #sweep: Sweep | undefined;
  #killing = false;
  #announcements: Announcements;
  #watched: readonly string[] = [];
  #exits: readonly ExitReport[] = [];
  #outputClosed: Promise<void> = Promise.resolve();
  memory: ProcessSnapshot["memory"];
  /** When liveness last restarted it, on the clock. */
  livenessRestartAt = -Infinity;

  constructor(spec: CompleteSpec, world: World) {
    const { clock, sinks = [] } = world.deps;
    this.name = spec.name;
    this.#spec = spec;
    this.#world = world;
    this.#record = newRecord(spec.disabled);
    this.#since = clock.wallTime();
    this.#announcements = this.#newAnnouncements();
    this.#checks = new ProcessChecks({ clock, random: world.deps.random, places: world.probePlaces, onLate: (ms) => world.late(ms) });
    this.output = new ProcessOutput(spec.name, spec.log, {
      clock,
      sinks,
      onLine: (line) => {
        this.#announcements.line(line.text);
        world.events.emit("logLine", line);
      },
      onDropped: (event) => world.events.emit("linesDropped", event),
    });
  }

  get spec(): CompleteSpec {
    return this.#spec;
  }

  get record(): ProcessRecord {
    return this.#record;
  }

  get state(): ProcessState {
    return this.#record.state;
  }

  get exits(): readonly ExitReport[] {
    return this.#exits;
  }

  /** Resolves when the output of the last incarnation is complete. */
  get outputClosed(): Promise<void> {
    return this.#outputClosed;
  }

  get family(): Family & { readonly process: ManagedProcess } {
    return { leader: this.#pid, cookiePrefix: cookiePrefix(this.#world.fleetId, this.name), process: this };
  }

  /** A change that what runs does not notice. Checks that run are started anew with the new settings. */
  update(spec: CompleteSpec): void {
    this.#spec = spec;
    this.#generation++;
    this.output.policy = spec.log;
    this.watch(this.#watched);
    if (this.state === "starting" && this.#record.alive) this.#startChecks("startup");
    else if (["up", "ready", "unready"].includes(this.state)) this.#startChecks("running");
  }

  /** Lines that others wait for. */
  watch(patterns: readonly string[]): void {
    this.#watched = patterns;
    this.#announcements.watch([...ownPatterns(this.#spec), ...patterns]);
  }

  printed(pattern: string): boolean {
    return this.#announcements.printed(pattern);
  }

  dispatch(cause: Cause): void {
    this.#world.post(() => this.#take(cause));
  }

  /** Skips what is left of the time it has: from now on, SIGKILL. For one that was told to stop. */
  hurry(): void {
    this.#world.post(() => {
      const { incarnation } = this.#record;
      this.#take({ type: "drained", incarnation });
      this.#take({ type: "graceElapsed", incarnation });
    });
  }

  suspect(reason: string): void {
    if (hasReadiness(this.#spec)) this.dispatch({ type: "readyFailed", incarnation: this.#record.incarnation, reason });
  }

  signal(signal: NodeJS.Signals, family: boolean): boolean {
    if (!this.#child) return false;
    if (family) void this.#signalFamily(signal);
    return this.#child.kill(signal);
  }

  snapshot(waitsFor: readonly string[]): ProcessSnapshot {
    const { state, reason, desired, incarnation, restarts, failures, crashLoop, degraded, delayMs } = this.#record;
    return {
      name: this.name,
      kind: this.#spec.kind,
      essential: this.#spec.essential,
      state,
      since: this.#since,
      reason,
      desired,
      ...(this.#child && { pid: this.#pid }),
      incarnation,
      generation: this.#generation,
      restarts,
      failures,
      healthy: state === "up" || state === "ready",
      crashLoop,
      degraded,
      waitsFor,
      ...(state === "backoff" && { delayMs }),
      ...(this.memory && this.#child && { memory: this.memory }),
      droppedLines: this.output.dropped,
      exits: this.#exits,
      probes: this.#checks.history,
    };
  }

  /** Lets go of what is not a process: timers, checks, readers. For one that is down. */
  async release(): Promise<void> {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#checks.end();
    this.#sweep?.end();
    this.output.close();
  }

  #take(cause: Cause): void {
    const before = this.#record;
    const { clock, random } = this.#world.deps;
    const { record, effects } = reduce(before, cause, { spec: this.#spec, now: clock.now(), random });
    this.#record = record;
    if (record.state !== before.state) this.#since = clock.wallTime();
    this.#tell(before, record);
    for (const effect of effects) this.#carryOut(effect);
    if (record !== before) this.#world.changed(this, before);
    for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) this.#take(answer);
  }

  #tell(before: ProcessRecord, { state, reason, crashLoop, delayMs, failures }: ProcessRecord): void {
    const { events } = this.#world;
    if (crashLoop !== before.crashLoop) events.emit("crashLoopChanged", { name: this.name, crashLoop });
    if (state === before.state) return;
    events.emit("stateChanged", { name: this.name, from: before.state, to: state, reason });
    if (state === "backoff") events.emit("restartScheduled", { name: this.name, delayMs, failures });
  }

  #carryOut(effect: Effect): void {
    const { clock, log } = this.#world.deps;
    switch (effect.type) {
      case "spawn":
        return this.#spawn();
      case "check":
        return this.#startChecks(effect.phase);
      case "stopChecks":
        return this.#checks.end();
      case "drain":
        return this.#drain();
      case "terminate":
        return this.#terminate();
      case "sweep":
        return this.#startSweep();
      case "kill":
        this.#killing = true;
        // While the process itself is there, the number of the group cannot belong to anybody else.
        if (this.#child) signalGroup(this.#pid, "SIGKILL");
        return this.#sweep?.kill();
      case "endSweep":
        return this.#sweep?.end();
      case "timer": {
        this.#timers.get(effect.name)?.[Symbol.dispose]();
        const { incarnation } = this.#record;
        const fire = (): void => {
          this.#timers.delete(effect.name);
          this.dispatch({ type: `${effect.name}Elapsed`, incarnation });
        };
        this.#timers.set(effect.name, clock.timer(effect.ms, fire));
        return;
      }
      case "cancel":
        this.#timers.get(effect.name)?.[Symbol.dispose]();
        this.#timers.delete(effect.name);
        return;
      case "lost":
        log.error("an essential process is lost", { ship: this.name, reason: effect.reason });
        return this.#world.events.emit("essentialLost", { name: this.name, exitCode: effect.exitCode, reason: effect.reason });
      case "stuck": {
        const pids = this.#sweep?.left ?? [this.#pid];
        log.error("processes survived SIGKILL", { ship: this.name, pids });
        return this.#world.events.emit("stuck", { name: this.name, pids });
      }
    }
  }

  #launchSpec(command: string, args: readonly string[]): Launch {
    const { env, cwd, user, group } = this.#spec;
    const cookie = cookieFor(this.#world.fleetId, this.name, this.#record.incarnation, env[cookieName]);
    const { dieWithSupervisor } = this.#world;
    return { name: this.name, command, args, env, cwd, user, group, stdin: "ignore", notify: undefined, cookie, dieWithSupervisor };
  }

  #spawn(): void {
    const { incarnation } = this.#record;
    const { events, deps } = this.#world;
    this.#killing = false;
    this.#pid = 0;
    this.memory = undefined;
    this.#announcements = this.#newAnnouncements();
    this.watch(this.#watched);
    const channel = channelOf(this.#spec);
    const { command, args, stdin } = this.#spec;
    const child = launch({ ...this.#launchSpec(command, args), stdin, notify: channel });
    if (!isStarted(child)) {
      const fail = ({ code, reason, permanent }: Awaited<typeof child>): Cause => {
        deps.log.error("a command could not be started", { ship: this.name, code, reason });
        events.emit("startFailed", { name: this.name, code, reason });
        return { type: "spawnFailed", incarnation, reason, permanent };
      };
      if ("code" in child) this.#answers.push(fail(child));
      else void child.then((problem) => this.dispatch(fail(problem)));
      return;
    }
    // `isStarted` has seen it.
    const pid = child.pid!;
    this.#child = child;
    this.#pid = pid;
    this.#announcements.listen(child, channel);
    child.stdin?.on("error", () => child.stdin?.destroy()); // closed by the process: nobody reads
    child.on("error", (error) =>
      deps.log.warn("a signal or message did not reach a process", { ship: this.name, reason: messageOf(error) }),
    );
    this.#outputClosed = this.output.attach(child, pid);
    child.once("exit", (code, signal) => this.#world.post(() => this.#ended(child, pid, incarnation, code, signal)));
    events.emit("started", { name: this.name, pid, incarnation });
    this.#answers.push({ type: "spawned", incarnation });
  }

  #ended(child: ChildProcess, pid: number, incarnation: number, code: number | null, signal: NodeJS.Signals | null): void {
    const requested = this.state === "draining" || this.state === "stopping";
    child.stdin?.destroy();
    if (this.#child === child) this.#child = undefined;
    const lines: string[] = [];
    const report: ExitReport = { incarnation, pid, code, signal, at: this.#world.deps.clock.wallTime(), requested, lines };
    this.#exits = [report, ...this.#exits].slice(0, keptExits);
    void this.#outputClosed.then(() => {
      // The report is out already and its list is filled in once the last words have been read.
      const last = this.output.buffer.tail(keptExitLines).filter((line) => line.pid === pid);
      lines.push(...last.map(({ text }) => text));
    });
    this.#world.events.emit("exited", { name: this.name, pid, incarnation, code, signal, requested });
    this.#take({ type: "exited", incarnation, code, signal, frozen: this.#world.dependencyDown(this) });
  }

  #newAnnouncements(): Announcements {
    return new Announcements(() => {
      this.#checks.poke();
      // Others may wait for that line.
      this.#world.post(() => this.#world.changed(this, this.#record));
    });
  }

  #subject(): ProbeSubject {
    const announcements = this.#announcements;
    return {
      exec: ({ command, args = [] }, options) => exec(this.#launchSpec(command, args), options),
      printed: (pattern) => announcements.printed(pattern),
      get notified() {
        return announcements.notified;
      },
    };
  }

  #startChecks(phase: "startup" | "running"): void {
    const { incarnation } = this.#record;
    const listener: Parameters<ProcessChecks["startRunning"]>[2] = {
      result: (kind, result, verdict) => {
        let guard: string | undefined;
        if (kind === "startup" && verdict === "good") this.dispatch({ type: "startupPassed", incarnation });
        if (kind === "ready" && verdict === "good") this.dispatch({ type: "readyPassed", incarnation });
        if (kind === "ready" && verdict === "bad")
          this.dispatch({ type: "readyFailed", incarnation, reason: `readiness check failed: ${result.reason}` });
        if (kind === "live" && verdict === "bad") {
          guard = this.#world.livenessGuard(this);
          if (guard === undefined) {
            this.livenessRestartAt = this.#world.deps.clock.now();
            this.dispatch({ type: "liveFailed", incarnation, reason: `liveness check failed: ${result.reason}` });
          } else {
            this.#world.deps.log.warn("a failing liveness check was not acted on", { ship: this.name, reason: guard });
          }
        }
        this.#world.events.emit("probed", { name: this.name, check: kind, result, acted: guard === undefined });
      },
      late: (limitMs, last) => {
        const why = last ? `: ${last.reason}` : "";
        this.dispatch({ type: "startupFailed", incarnation, reason: `startup check did not pass within ${limitMs / 1000} s${why}` });
      },
    };
    if (phase === "startup") this.#checks.startStartup(this.#spec, this.#subject(), listener);
    else this.#checks.startRunning(this.#spec, this.#subject(), listener);
  }

  #drain(): void {
    const { incarnation } = this.#record;
    const { drain, clock, log } = this.#world.deps;
    if (!drain) {
      this.#answers.push({ type: "drained", incarnation });
      return;
    }
    const limit = deadline(`draining "${this.name}"`, this.#spec.stop.drainMs, clock);
    const cut = new Promise<void>((resolve) => limit.signal.addEventListener("abort", () => resolve(), { once: true }));
    const done = Promise.try(() => drain(this.name, { signal: limit.signal })).catch((error: unknown) => {
      log.warn("draining failed", { ship: this.name, reason: messageOf(error) });
    });
    void Promise.race([done, cut]).then(() => {
      limit[Symbol.dispose]();
      this.dispatch({ type: "drained", incarnation });
    });
  }

  #terminate(): void {
    const { stop } = this.#spec;
    this.#child?.stdin?.end();
    if (stop.command) {
      const child = this.#child;
      const launchSpec = this.#launchSpec(stop.command.command, stop.command.args);
      exec({ ...launchSpec, env: { ...launchSpec.env, MS_STOP_PID: String(this.#pid) } }).then(
        ({ code, output }) => {
          if (code === 0) return;
          this.#world.deps.log.warn("the stop command failed, so the signal is sent", { ship: this.name, code, output });
          child?.kill(stop.signal);
        },
        (error: unknown) => {
          this.#world.deps.log.warn("the stop command could not be run, so the signal is sent", {
            ship: this.name,
            reason: messageOf(error),
          });
          child?.kill(stop.signal);
        },
      );
      return;
    }
    this.#child?.kill(stop.signal);
    // One that was stopped (SIGSTOP) would not hear it.
    this.#child?.kill("SIGCONT");
  }

  #startSweep(): void {
    const { incarnation } = this.#record;
    const { signal, keepDetached } = this.#spec.stop;
    const { deps, table } = this.#world;
    this.#sweep?.end();
    const sweep = openSweep({ family: this.family, signal, keepDetached }, table, deps, () => {
      if (this.#sweep === sweep) this.#sweep = undefined;
      this.dispatch({ type: "emptied", incarnation });
    });
    this.#sweep = sweep;
    if (this.#killing) sweep.kill();
  }

  async #signalFamily(signal: NodeJS.Signals): Promise<void> {
    const leader = this.#pid;
    const families = familiesOf(await this.#world.table.read(), [this.family]);
    for (const members of families.values()) for (const member of members) if (member.pid !== leader) signalMember(member, signal);
  }
}
