import type { AbortOptions, Closable, Deps, Subscribable } from "@mothership/kernel";
import type { SupervisorEvents } from "./events.ts";
import type { LogLine } from "./lines.ts";
import type { ProbeResult } from "./probe.ts";
import type { ProcessSpec } from "./spec.ts";
import type { ProcessState } from "./state.ts";

/** What a supervisor is given from outside. */
export interface SupervisorDeps extends Deps {
  /**
   * Awaited before a running process is told to stop: take it out of routing, wait for its requests. Never longer than its `drainMs`;
   * then the signal fires. A rejection is logged and the stop goes on.
   */
  readonly drain?: (name: string, options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Where every line of output goes, besides memory. */
  readonly sinks?: readonly LogSink[];
  /** Numbers from 0 up to, not including, 1; for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** Takes lines of output, such as the terminal. */
export interface LogSink {
  /** For counts and messages. */
  readonly name: string;
  /**
   * Takes one line; `bytes` is its text as it came and is only valid during the call. False: full. The line was still taken, further ones
   * should wait for `onDrain`. Must not throw.
   */
  write(line: LogLine, bytes: Buffer): boolean;
  /** Calls `run` once, when there is room again. */
  onDrain(run: () => void): void;
}

export interface SupervisorOptions {
  /** Marks the processes, so that `sweepFleet` of a later run finds what this one left behind. Default: a random one. */
  readonly fleetId?: string;
  /** Processes in `starting` at once. Default the larger of 4 and twice the number of cores. */
  readonly maxStarting?: number;
  /** For `close`: what is left after this is killed. Default 25 000. */
  readonly shutdownMs?: number;
  /** Between two looks at the memory of all families; 0 for none. Default 5 000. */
  readonly memoryIntervalMs?: number;
  /** Let the system kill a process when the supervisor dies (Linux, where `setpriv` is installed). Default true. */
  readonly dieWithSupervisor?: boolean;
  /** Put each process into a control group of its own, below that of the supervisor (Linux, cgroup v2, where it may be written). Default true. */
  readonly cgroups?: boolean;
}

/** How a process ended. */
export interface ExitReport {
  readonly incarnation: number;
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Wall time. */
  readonly at: number;
  readonly requested: boolean;
  /** Why it was told to, for a person; "" when it ended by itself. */
  readonly reason: string;
  /** Its last lines of output, at most 20. */
  readonly lines: readonly string[];
}

/** A process as it is now. */
export interface ProcessSnapshot {
  readonly name: string;
  readonly kind: "service" | "task";
  readonly essential: boolean;
  readonly state: ProcessState;
  /** Wall time at which it entered the state. */
  readonly since: number;
  /** Why it is in this state. */
  readonly reason: string;
  /** What it is meant to do. */
  readonly desired: "run" | "stop";
  readonly pid?: number;
  /** Counts the starts of its command. */
  readonly incarnation: number;
  /** Counts the changes of its specification. */
  readonly generation: number;
  /** Starts after the first that the supervisor made by itself or by `restart`. */
  readonly restarts: number;
  /** Failures since the last stable run. */
  readonly failures: number;
  /** It may be given work: `up` or `ready`. */
  readonly healthy: boolean;
  /** It served until it was told to end only to be started again, and is about to be back: nothing has gone wrong since, and nobody wants it to stop. */
  readonly restarting: boolean;
  readonly crashLoop: boolean;
  /** Its restart budget is spent; it is still tried. */
  readonly degraded: boolean;
  /** Dependencies that hold it back, with the reason. */
  readonly waitsFor: readonly string[];
  /** Until the next start, in `backoff`. */
  readonly delayMs?: number;
  readonly memory?: { readonly rssBytes: number; readonly virtualBytes: number; readonly processes: number };
  /** Lines that did not reach a sink, file or follower. */
  readonly droppedLines: number;
  /** The last five, latest first. */
  readonly exits: readonly ExitReport[];
  /** The last ten of each check, latest first. */
  readonly probes: {
    readonly startup: readonly ProbeResult[];
    readonly ready: readonly ProbeResult[];
    readonly live: readonly ProbeResult[];
  };
}

/** What `apply` did. */
export interface Applied {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Restarted, because what runs has changed. */
  readonly replaced: readonly string[];
  /** Changed without a restart. */
  readonly updated: readonly string[];
}

export interface StartOptions extends AbortOptions {
  /** One that is told to stop meanwhile, and what waits for it, is logged and left at that instead of rejecting. Default false. */
  readonly leaveStopped?: boolean;
}

/** A set of processes under supervision. Nothing runs before `start`; nothing is left after `close`. */
export interface Supervisor extends Closable {
  readonly events: Subscribable<SupervisorEvents>;
  /** The specifications in force. */
  readonly specs: readonly ProcessSpec[];
  /**
   * Starts these, or all, with what they depend on, and forgets their failures. Resolves when each is up, ready or (task) completed.
   *
   * A process that is not essential and fails does not hold this up: it is tried on in the background, and shows in the snapshot. The signal
   * ends the wait, not the processes.
   *
   * @throws {StartFailedError} when an essential one failed for good, or one that it depends on did: it names the one that failed.
   * @throws {TaskFailedError} when the one that failed is a task.
   * @throws {SupersededError} when one of them was told to stop meanwhile.
   */
  start(names?: readonly string[], options?: StartOptions): Promise<void>;
  /**
   * Stops these, or all: each once those that depend on it, among these, are gone. Resolves when nothing of their families is left.
   * They are not started again until `start` or `restart`. The signal ends the wait, not the stop.
   *
   * @throws {StuckError} when something survived SIGKILL.
   */
  stop(names?: readonly string[], options?: AbortOptions): Promise<void>;
  /** Drains, stops and starts one. Forgets its failures. Resolves when it is ready; throws as `start` does. */
  restart(name: string, options?: AbortOptions): Promise<void>;
  /**
   * Makes these the specifications. What is gone is stopped, what is new is started, what runs differently is restarted, the rest keeps
   * its process; what was stopped by hand stays stopped. Nothing is changed when the specifications are invalid.
   *
   * @throws what `start` throws for the ones it started; they stay as they are, and applying the old specifications goes back.
   */
  apply(specs: readonly ProcessSpec[], options?: AbortOptions): Promise<Applied>;
  /** Tells that work sent to a process fails: it becomes unready at once, until its readiness check, which is made now, passes again. Without that check nothing happens. */
  suspect(name: string, reason: string): void;
  /** Sends a signal to a running process; with `family`, to all that it started too. False when it does not run. */
  signal(name: string, signal: NodeJS.Signals, options?: { readonly family?: boolean }): boolean;
  /** One process. @throws {UnknownProcessError} */
  get(name: string): ProcessSnapshot;
  /** All, in the order of the specifications. */
  snapshot(): readonly ProcessSnapshot[];
  /**
   * The last `tail` lines (default: all that are kept), then those that come, until the signal fires, the process is removed or the
   * supervisor is closed; with `follow: false` it ends with the kept ones. A reader that is 1 MiB behind loses lines: see `LogLine.dropped`.
   */
  logs(name: string, options?: AbortOptions & { readonly tail?: number; readonly follow?: boolean }): AsyncIterable<LogLine>;
  /** What ends from now on stays down: for the time in which work is finished before `close`. What is being started goes on. */
  holdStarts(): void;
  /** Opens all log files anew, after something else renamed them. */
  reopenLogFiles(): void;
}
