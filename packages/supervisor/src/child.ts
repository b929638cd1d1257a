import type { ChildProcess } from "node:child_process";
import type { Logger } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import { Announcements, channelOf, ownPatterns } from "./announcements.ts";
import { background } from "./background.ts";
import type { Cgroup } from "./cgroup.ts";
import type { ExitReport, SupervisorDeps } from "./contract.ts";
import { cookieFor, cookieName } from "./cookie.ts";
import type { ExecResult } from "./exec.ts";
import { exec } from "./exec.ts";
import { signalGroup } from "./family.ts";
import type { ProcessOutput } from "./output.ts";
import type { ProbeSubject } from "./probes.ts";
import type { Launch, SpawnProblem } from "./spawn.ts";
import { isStarted, launch } from "./spawn.ts";
import type { CompleteSpec } from "./spec.ts";

/** Exits that are remembered, and lines of output with each. */
const keptExits = 5;
const keptExitLines = 20;

export interface ChildDeps extends Pick<SupervisorDeps, "clock"> {
  readonly log: Logger;
  readonly fleetId: string;
  readonly dieWithSupervisor: boolean;
  readonly cgroup: Cgroup | undefined;
  readonly output: ProcessOutput;
  /** It said something that somebody waits for. */
  readonly onNews: () => void;
}

export type ExitListener = (code: number | null, signal: NodeJS.Signals | null) => void;

/** The system's side of one process: the child of this incarnation, what it announces, and how earlier ones ended. */
export class Child {
  readonly #deps: ChildDeps;
  #child: ChildProcess | undefined;
  #pid = 0;
  #incarnation = 0;
  #announcements: Announcements;
  #watched: readonly string[] = [];
  #exits: readonly ExitReport[] = [];
  #outputClosed: Promise<void> = Promise.resolve();

  constructor(deps: ChildDeps) {
    this.#deps = deps;
    this.#announcements = new Announcements(deps.onNews);
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Of the last incarnation; 0 when it could not be started or there was none. */
  get pid(): number {
    return this.#pid;
  }

  /** Latest first. */
  get exits(): readonly ExitReport[] {
    return this.#exits;
  }

  /** Resolves when the output of the last incarnation is complete. */
  get outputClosed(): Promise<void> {
    return this.#outputClosed;
  }

  /** Lines to look out for: its own startup check's and those that others wait for. */
  watch(spec: CompleteSpec, patterns: readonly string[]): void {
    this.#watched = patterns;
    this.#announcements.watch([...ownPatterns(spec), ...patterns]);
  }

  printed(pattern: string): boolean {
    return this.#announcements.printed(pattern);
  }

  line(text: string): void {
    this.#announcements.line(text);
  }

  /** Before a start: the last incarnation says nothing about the next one, and its pid may be somebody else's by now. */
  forget(spec: CompleteSpec): void {
    this.#pid = 0;
    this.#announcements = new Announcements(this.#deps.onNews);
    this.watch(spec, this.#watched);
  }

  /** Starts the command. Gives why it could not be started, now or later; `onExit` is called once when it has ended. */
  start(spec: CompleteSpec, incarnation: number, onExit: ExitListener): SpawnProblem | Promise<SpawnProblem> | undefined {
    const { log, output } = this.#deps;
    this.forget(spec);
    this.#incarnation = incarnation;
    const notify = channelOf(spec);
    const child = launch({ ...this.#launchOf(spec, spec), stdin: spec.stdin, tty: spec.tty, notify });
    if (!isStarted(child)) return child;
    const pid = child.pid!; // `isStarted` has seen it
    this.#child = child;
    this.#pid = pid;
    // At once: what it starts before it has been moved is not in the group.
    if (this.#deps.cgroup) background(this.#deps.cgroup.add(pid), log);
    this.#announcements.listen(child, notify);
    child.stdin?.on("error", () => child.stdin?.destroy()); // it was closed by the process: nobody reads
    child.on("error", (error) => log.warn("a signal or message did not reach a process", { ship: spec.name, reason: messageOf(error) }));
    child.once("cut", () => log.warn("the last output of a process is lost because a sink stayed full", { ship: spec.name }));
    this.#outputClosed = output.attach(child, pid);
    child.once("exit", (code, signal) => {
      child.stdin?.destroy();
      this.#child = undefined;
      onExit(code, signal);
    });
    return undefined;
  }

  /** Notes an exit; `why` it was told to, if it was. Its last lines are filled in once they have been read. */
  report(code: number | null, signal: NodeJS.Signals | null, why: string | undefined): ExitReport {
    const [pid, incarnation, at] = [this.#pid, this.#incarnation, this.#deps.clock.wallTime()];
    const lines: string[] = [];
    const report: ExitReport = { incarnation, pid, code, signal, at, requested: why !== undefined, reason: why ?? "", lines };
    this.#exits = [report, ...this.#exits].slice(0, keptExits);
    const fill = (): void => {
      const last = this.#deps.output.buffer.tail(keptExitLines).filter((line) => line.pid === pid);
      lines.push(...last.map(({ text }) => text));
    };
    background(this.#outputClosed.then(fill), this.#deps.log);
    return report;
  }

  /** Tells it to stop in the way of its policy. */
  terminate(spec: CompleteSpec): void {
    const child = this.#child;
    if (!child) return;
    const { signal, command } = spec.stop;
    const { log } = this.#deps;
    child.stdin?.end();
    const send = (): void => {
      child.kill(signal);
      // One that was stopped (SIGSTOP) would not hear it.
      child.kill("SIGCONT");
    };
    if (!command) {
      send();
      return;
    }
    const launchOf = this.#launchOf(spec, command);
    exec({ ...launchOf, env: { ...launchOf.env, MS_STOP_PID: String(this.#pid) } }, this.#deps).then(
      ({ code, output }) => {
        if (code === 0) return;
        log.warn("the stop command failed, so the signal is sent", { ship: spec.name, code, output });
        send();
      },
      (error: unknown) => {
        log.warn("the stop command could not be run, so the signal is sent", { ship: spec.name, reason: messageOf(error) });
        send();
      },
    );
  }

  /** SIGKILL to its group, while it is there itself: then the number of the group cannot belong to anybody else. */
  kill(): void {
    if (this.#child) signalGroup(this.#pid, "SIGKILL");
  }

  /** False when it does not run. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false;
  }

  /** What the probes of this incarnation may ask. */
  subject(spec: CompleteSpec): ProbeSubject {
    const announcements = this.#announcements;
    return {
      exec: (probe, options): Promise<ExecResult> => exec(this.#launchOf(spec, probe), this.#deps, options),
      printed: (pattern) => announcements.printed(pattern),
      get notified() {
        return announcements.notified;
      },
    };
  }

  /** A command run as the process is run. */
  #launchOf(spec: CompleteSpec, { command, args = [] }: { readonly command: string; readonly args?: readonly string[] }): Launch {
    const { name, env, cwd, user, group } = spec;
    const { fleetId, dieWithSupervisor } = this.#deps;
    const cookie = cookieFor(fleetId, name, this.#incarnation, env[cookieName]);
    return { name, command, args, env, cwd, user, group, stdin: "ignore", tty: false, notify: undefined, cookie, dieWithSupervisor };
  }
}
