import type { LogLine } from "./lines.ts";
import type { ProbeResult } from "./probe.ts";
import type { ProcessState } from "./state.ts";

/** What a supervisor tells. Every payload is read-only data about something that has happened. */
export interface SupervisorEvents {
  /** A process entered another state; `reason` says why, for a person. */
  stateChanged: { readonly name: string; readonly from: ProcessState; readonly to: ProcessState; readonly reason: string };
  /** The command of a process runs. */
  started: { readonly name: string; readonly pid: number; readonly incarnation: number };
  /** A process could not be started at all: no such command, no permission, no memory. */
  startFailed: { readonly name: string; readonly code: string; readonly reason: string };
  /** A process ended. `requested`: after a stop or restart from our side, so no failure. */
  exited: {
    readonly name: string;
    readonly pid: number;
    readonly incarnation: number;
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly requested: boolean;
  };
  /** A process that failed is going to be started again. */
  restartScheduled: { readonly name: string; readonly delayMs: number; readonly failures: number };
  /** The crash loop flag was raised or has cleared. */
  crashLoopChanged: { readonly name: string; readonly crashLoop: boolean };
  /**
   * A process that served is being restarted, because it was told to, its specification changed or its memory was too large; or that is over:
   * it is back, failed, or is to stop after all. Comes before the `stateChanged` of the same moment.
   */
  restartingChanged: { readonly name: string; readonly restarting: boolean };
  /** An essential process is lost for good: the set should end with `exitCode` (1 to 125 as it was, 128 + signal, else 1). */
  essentialLost: { readonly name: string; readonly exitCode: number; readonly reason: string };
  /** Members of a family survived SIGKILL; the process is failed and is not started on top of them. */
  stuck: { readonly name: string; readonly pids: readonly number[] };
  /** A probe was made. `acted` is false where a guard held its consequence back. */
  probed: { readonly name: string; readonly check: "startup" | "ready" | "live"; readonly result: ProbeResult; readonly acted: boolean };
  /** One line of output. Many per second are possible: listeners must be quick. */
  logLine: LogLine;
  /** Lines did not reach a sink or file because it stayed full or failed. At most one event per second, process and sink. */
  linesDropped: { readonly name: string; readonly sink: string; readonly count: number; readonly reason: string };
  /** Memory of a process and all that it started. */
  memorySampled: { readonly name: string; readonly rssBytes: number; readonly virtualBytes: number; readonly processes: number };
}
