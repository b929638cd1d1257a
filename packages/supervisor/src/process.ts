import { background } from "./background.ts";
import type { Cgroup } from "./cgroup.ts";
import { Child } from "./child.ts";
import type { ExitReport, ProcessSnapshot } from "./contract.ts";
import { cookiePrefix } from "./cookie.ts";
import { removeDeadSocket } from "./dead-socket.ts";
import type { Drain } from "./drain.ts";
import { openDrain } from "./drain.ts";
import type { Family } from "./family.ts";
import { familiesOf, signalMember } from "./family.ts";
import { ProcessOutput } from "./output.ts";
import type { CheckListener } from "./process-checks.ts";
import { causeOf, hasReadiness, ProcessChecks } from "./process-checks.ts";
import type { Cause, Effect, ProcessRecord, TimerName } from "./record.ts";
import { newRecord } from "./record.ts";
import { reduce } from "./reducer.ts";
import type { SpawnProblem } from "./spawn.ts";
import type { CompleteSpec } from "./spec.ts";
import type { ProcessState } from "./state.ts";
import type { Sweep } from "./sweep.ts";
import { openSweep } from "./sweep.ts";
import type { World } from "./world.ts";

/** One process of the set: carries out what the reducer decides, and tells it what happens. */
export class ManagedProcess {
  readonly name: string;
  readonly output: ProcessOutput;
  readonly #world: World;
  readonly #child: Child;
  readonly #cgroup: Cgroup | undefined;
  readonly #checks: ProcessChecks;
  readonly #timers = new Map<TimerName, Disposable>();
  readonly #answers: Cause[] = [];
  #spec: CompleteSpec;
  #record: ProcessRecord;
  #since: number;
  #generation = 1;
  #patterns: readonly string[] = [];
  #sweep: Sweep | undefined;
  #killing = false;
  #draining: Drain | undefined;
  /** Of what is done right before the command is started. */
  #clearing: AbortController | undefined;
  /** At the last sample, undefined when it did not run then. */
  memory: ProcessSnapshot["memory"];

  constructor(spec: CompleteSpec, world: World) {
    const { clock, log, random, sinks = [] } = world.deps;
    this.name = spec.name;
    this.#spec = spec;
    this.#world = world;
    this.#record = newRecord(spec.disabled);
    this.#since = clock.wallTime();
    this.#checks = new ProcessChecks({ clock, log, random, places: world.probePlaces, onLate: (ms) => world.late(ms) });
    this.output = new ProcessOutput(spec.name, spec.log, {
      clock,
      log,
      turns: world.turns,
      sinks,
      onLine: (line) => {
        // The last words of an earlier incarnation say nothing about this one.
        if (line.pid === this.#child.pid) this.#child.line(line.text);
        world.events.emit("logLine", line);
      },
      onDropped: (event) => world.events.emit("linesDropped", event),
    });
    const { fleetId, dieWithSupervisor } = world;
    this.#cgroup = world.cgroups?.group(fleetId, spec.name);
    const { output } = this;
    this.#child = new Child({ clock, log, fleetId, dieWithSupervisor, cgroup: this.#cgroup, output, onNews: () => this.#hearNews() });
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
    return this.#child.exits;
  }

  get outputClosed(): Promise<void> {
    return this.#child.outputClosed;
  }

  get family(): Family & { readonly process: ManagedProcess } {
    return { leader: this.#child.pid, cookiePrefix: cookiePrefix(this.#world.fleetId, this.name), process: this };
  }

  /** Takes a new specification. What runs does not notice; checks that run are started anew with the new settings. */
  update(spec: CompleteSpec): void {
    this.#spec = spec;
    this.#generation++;
    this.output.policy = spec.log;
    this.watch(this.#patterns);
    if (this.state === "starting" && this.#record.alive) this.#startChecks("startup");
    else if (this.state === "up" || this.state === "ready" || this.state === "unready") this.#startChecks("running");
  }

  /** Lines that others wait for. */
  watch(patterns: readonly string[]): void {
    this.#patterns = patterns;
    this.#child.watch(this.#spec, patterns);
  }

  printed(pattern: string): boolean {
    return this.#child.printed(pattern);
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
    if (!hasReadiness(this.#spec)) return;
    this.dispatch({ type: "readyFailed", incarnation: this.#record.incarnation, reason });
    // What was suspected wrongly is back in a moment, and not only when its next look is due.
    this.#checks.poke();
  }

  signal(signal: NodeJS.Signals, family: boolean): boolean {
    if (!this.#child.running) return false;
    if (family) background(this.#signalFamily(signal), this.#world.deps.log);
    return this.#child.signal(signal);
  }

  snapshot(waitsFor: readonly string[]): ProcessSnapshot {
    const { state, reason, desired, restarting, incarnation, restarts, failures, crashLoop, degraded, delayMs } = this.#record;
    return {
      name: this.name,
      kind: this.#spec.kind,
      essential: this.#spec.essential,
      state,
      since: this.#since,
      reason,
      desired,
      ...(this.#child.running && { pid: this.#child.pid }),
      incarnation,
      generation: this.#generation,
      restarts,
      failures,
      healthy: state === "up" || state === "ready",
      restarting,
      crashLoop,
      degraded,
      waitsFor,
      ...(state === "backoff" && { delayMs }),
      ...(this.memory && { memory: this.memory }),
      droppedLines: this.output.dropped,
      exits: this.#child.exits,
      probes: this.#checks.history,
    };
  }

  /** Lets go of what is not a process: timers, checks, readers, files. For one that is down. */
  async release(): Promise<void> {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#checks.end();
    this.#sweep?.end();
    this.#cgroup?.remove();
    await this.output.close();
  }

  #take(cause: Cause): void {
    const before = this.#record;
    const { clock, random } = this.#world.deps;
    const { record, effects } = reduce(before, cause, { spec: this.#spec, now: clock.now(), random });
    if (record === before) return;
    this.#record = record;
    if (record.state !== before.state) this.#since = clock.wallTime();
    this.#tell(before, record);
    for (const effect of effects) this.#carryOut(effect);
    this.#world.changed(this, before);
    for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) this.#take(answer);
  }

  #tell(before: ProcessRecord, { state, reason, crashLoop, restarting, delayMs, failures }: ProcessRecord): void {
    const { events } = this.#world;
    if (crashLoop !== before.crashLoop) events.emit("crashLoopChanged", { name: this.name, crashLoop });
    if (restarting !== before.restarting) events.emit("restartingChanged", { name: this.name, restarting });
    if (state === before.state) return;
    events.emit("stateChanged", { name: this.name, from: before.state, to: state, reason });
    if (state === "backoff") events.emit("restartScheduled", { name: this.name, delayMs, failures });
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "spawn":
        this.#spawn();
        break;
      case "check":
        this.#startChecks(effect.phase);
        break;
      case "stopChecks":
        this.#checks.end();
        break;
      case "drain":
        this.#drain();
        break;
      case "endDrain":
        this.#draining?.end();
        break;
      case "terminate":
        if (this.#clearing) this.#callOff(this.#clearing);
        else this.#child.terminate(this.#spec);
        break;
      case "sweep":
        this.#startSweep();
        break;
      case "kill":
        this.#killing = true;
        this.#child.kill();
        this.#sweep?.kill();
        break;
      case "endSweep":
        this.#sweep?.end();
        break;
      case "timer":
        this.#startTimer(effect.name, effect.ms);
        break;
      case "cancel":
        this.#timers.get(effect.name)?.[Symbol.dispose]();
        this.#timers.delete(effect.name);
        break;
      case "lost":
        this.#world.deps.log.error("an essential process is lost", { ship: this.name, reason: effect.reason });
        this.#world.events.emit("essentialLost", { name: this.name, exitCode: effect.exitCode, reason: effect.reason });
        break;
      case "stuck": {
        const pids = this.#sweep?.left ?? [this.#child.pid];
        this.#world.deps.log.error("processes survived SIGKILL", { ship: this.name, pids });
        this.#world.events.emit("stuck", { name: this.name, pids });
        break;
      }
    }
  }

  #spawn(): void {
    this.#killing = false;
    this.memory = undefined;
    const { socketPath } = this.#spec;
    if (socketPath === undefined) {
      const answer = this.#launch();
      if (answer) this.#answers.push(answer);
      return;
    }
    this.#child.forget(this.#spec);
    const clearing = new AbortController();
    this.#clearing = clearing;
    const { deps } = this.#world;
    const launch = (): void => {
      if (this.#clearing !== clearing) return;
      this.#clearing = undefined;
      const answer = this.#launch();
      if (answer) this.#take(answer);
    };
    background(
      removeDeadSocket(this.name, socketPath, deps, clearing.signal).then(() => this.#world.post(launch)),
      deps.log,
    );
  }

  /** It is told to stop before its command was started, which then is not going to be. */
  #callOff(clearing: AbortController): void {
    this.#clearing = undefined;
    clearing.abort(new Error("it is not to be started any more"));
    this.#answers.push({ type: "spawnFailed", incarnation: this.#record.incarnation, reason: "was told to stop", permanent: false });
  }

  /** Starts the command; gives what to tell the reducer, if that is known at once. */
  #launch(): Cause | undefined {
    const { incarnation } = this.#record;
    const { events, deps } = this.#world;
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
      this.#world.post(() => {
        this.memory = undefined;
        const requested = this.state === "draining" || this.state === "stopping";
        const { pid } = this.#child.report(code, signal, requested ? this.#record.reason : undefined);
        events.emit("exited", { name: this.name, pid, incarnation, code, signal, requested });
        this.#take({ type: "exited", incarnation, code, signal, frozen: this.#world.dependencyDown(this) });
      });
    const fail = ({ code, reason, permanent }: SpawnProblem): Cause => {
      deps.log.error("a command could not be started", { ship: this.name, code, reason });
      events.emit("startFailed", { name: this.name, code, reason });
      return { type: "spawnFailed", incarnation, reason, permanent };
    };
    const problem = this.#child.start(this.#spec, incarnation, onExit);
    if (problem === undefined) {
      events.emit("started", { name: this.name, pid: this.#child.pid, incarnation });
      return { type: "spawned", incarnation };
    }
    if (!(problem instanceof Promise)) return fail(problem);
    background(
      problem.then((later) => this.dispatch(fail(later))),
      deps.log,
    );
    return undefined;
  }

  #hearNews(): void {
    this.#checks.poke();
    // Others may wait for that line.
    this.#world.post(() => this.#world.changed(this, this.#record));
  }

  #startTimer(name: TimerName, ms: number): void {
    this.#timers.get(name)?.[Symbol.dispose]();
    const { incarnation } = this.#record;
    const fire = (): void => {
      this.#timers.delete(name);
      this.dispatch({ type: `${name}Elapsed`, incarnation });
    };
    this.#timers.set(name, this.#world.deps.clock.timer(ms, fire));
  }

  #startChecks(phase: "startup" | "running"): void {
    const { incarnation } = this.#record;
    const listener: CheckListener = {
      result: (check, result, verdict) => {
        this.#world.probed(this, result);
        const found = causeOf(check, result, verdict, incarnation);
        const guard = found?.type === "liveFailed" ? this.#world.holdLiveness(this) : undefined;
        this.#world.events.emit("probed", { name: this.name, check, result, acted: guard === undefined });
        if (guard !== undefined) this.#world.deps.log.warn("a failing liveness check was not acted on", { ship: this.name, reason: guard });
        else if (found) {
          if (found.type === "liveFailed")
            this.#world.deps.log.warn("a process is restarted because its liveness check fails", { ship: this.name, reason: found.reason });
          this.dispatch(found);
        }
      },
      late: (reason) => this.dispatch({ type: "startupFailed", incarnation, reason }),
    };
    const subject = this.#child.subject(this.#spec);
    if (phase === "startup") this.#checks.startStartup(this.#spec, subject, listener);
    else this.#checks.startRunning(this.#spec, subject, listener);
  }

  #drain(): void {
    const { incarnation } = this.#record;
    const { drain, clock, log } = this.#world.deps;
    if (!drain) {
      this.#answers.push({ type: "drained", incarnation });
      return;
    }
    const done = (): void => this.dispatch({ type: "drained", incarnation });
    this.#draining = openDrain(this.name, this.#spec.stop.drainMs, drain, { clock, log }, done);
  }

  #startSweep(): void {
    const { incarnation } = this.#record;
    const { signal, keepDetached } = this.#spec.stop;
    const { deps, table } = this.#world;
    this.#sweep?.end();
    const cgroups = this.#cgroup ? [this.#cgroup] : [];
    const sweep = openSweep({ family: this.family, signal, keepDetached, cgroups }, table, deps, () => {
      if (this.#sweep === sweep) this.#sweep = undefined;
      this.dispatch({ type: "emptied", incarnation });
    });
    this.#sweep = sweep;
    if (this.#killing) sweep.kill();
  }

  async #signalFamily(signal: NodeJS.Signals): Promise<void> {
    const families = familiesOf(await this.#world.table.read(), [this.family]);
    for (const members of families.values()) for (const member of members) if (member.pid !== this.#child.pid) signalMember(member, signal);
  }
}
