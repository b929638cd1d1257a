import type { ProcessState } from "./state.ts";

/** What follows once the family of a process that ends is empty. */
export type Next = "stop" | "disable" | "start" | "complete" | "retry";

/** All that decides what happens next to one process. Values only: a record can be kept, compared and printed. */
export interface ProcessRecord {
  readonly state: ProcessState;
  readonly desired: "run" | "stop";
  /** Means something in draining, stopping and sweeping. */
  readonly next: Next;
  /** It served until it was told to end only to be started again, and nothing has gone wrong since: it is about to be back. */
  readonly restarting: boolean;
  /** Counts the tries to start. What carries another number is stale. */
  readonly incarnation: number;
  /** The process itself (not its family) runs. */
  readonly alive: boolean;
  /** Failures since the last stable run. */
  readonly failures: number;
  /** Times of the latest failures, as many as the crash loop flag looks at. */
  readonly recent: readonly number[];
  /** Starts beyond the first that were made for it. */
  readonly restarts: number;
  readonly crashLoop: boolean;
  readonly degraded: boolean;
  /** This incarnation has been stable once. */
  readonly stable: boolean;
  /** The failure that is being dealt with is not tried again. */
  readonly fatal: boolean;
  /** With which code the set ends if this failure is the last. */
  readonly exitCode: number;
  /** Something of the family survived SIGKILL. */
  readonly stuck: boolean;
  /** Of the delay that runs, in backoff. */
  readonly delayMs: number;
  readonly reason: string;
}

/** Where every process begins. */
export function newRecord(disabled: boolean): ProcessRecord {
  return {
    state: disabled ? "disabled" : "stopped",
    desired: "stop",
    next: "stop",
    restarting: false,
    incarnation: 0,
    alive: false,
    failures: 0,
    recent: [],
    restarts: 0,
    crashLoop: false,
    degraded: false,
    stable: false,
    fatal: false,
    exitCode: 1,
    stuck: false,
    delayMs: 0,
    reason: disabled ? "disabled" : "not started yet",
  };
}

/** Something that happened to a process or was asked of it. What happens to one incarnation carries its number. */
export type Cause =
  | { readonly type: "start" | "stop" | "restart" | "disable" | "enable" | "go" }
  /** A graceful restart that is nobody's fault; failures are kept. */
  | { readonly type: "recycle"; readonly reason: string }
  | { readonly type: "spawned" | "startupPassed" | "readyPassed"; readonly incarnation: number }
  /** `permanent`: trying again would give the same. */
  | { readonly type: "spawnFailed"; readonly incarnation: number; readonly reason: string; readonly permanent: boolean }
  | {
      readonly type: "exited";
      readonly incarnation: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** What it depends on is down: this failure is not counted. */
      readonly frozen: boolean;
    }
  | { readonly type: "startupFailed" | "readyFailed" | "liveFailed"; readonly incarnation: number; readonly reason: string }
  | {
      readonly type: "delayElapsed" | "stableElapsed" | "drained" | "graceElapsed" | "sweepElapsed" | "emptied";
      readonly incarnation: number;
    };

export type CauseType = Cause["type"];

export type TimerName = "delay" | "stable" | "grace" | "sweep";

/** What the reducer wants done. Carried out in order. */
export type Effect =
  /** Start the command; answered by `spawned` before any other cause is looked at, or by `spawnFailed`, perhaps later. */
  | { readonly type: "spawn" }
  /** Run the startup check, or those of a running process. */
  | { readonly type: "check"; readonly phase: "startup" | "running" }
  | { readonly type: "stopChecks" }
  /** Await the drain hook; answered by `drained`. */
  | { readonly type: "drain" }
  /** The hook need not go on. */
  | { readonly type: "endDrain" }
  /** Tell the process itself to stop. */
  | { readonly type: "terminate" }
  /** End the family that the process left: the signal to each member, and `emptied` once none is found. */
  | { readonly type: "sweep" }
  /** SIGKILL to the process and its family, until it is empty. */
  | { readonly type: "kill" }
  /** Nothing more is to be done about the family. */
  | { readonly type: "endSweep" }
  /** Answered by `<name>Elapsed`. Replaces a timer of the same name. */
  | { readonly type: "timer"; readonly name: TimerName; readonly ms: number }
  | { readonly type: "cancel"; readonly name: TimerName }
  /** An essential process is lost. */
  | { readonly type: "lost"; readonly exitCode: number; readonly reason: string }
  | { readonly type: "stuck" };
