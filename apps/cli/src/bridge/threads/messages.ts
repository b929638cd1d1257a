import type { LogFields, LogLevel } from "@mothership/kernel";
import type { Tally } from "@mothership/metrics";
import type { Availability } from "../availability.ts";
import type { PayloadFigures } from "../edge.ts";
import type { EdgePlan } from "../plan/edge.ts";
import type { RelayPlace } from "./relay.ts";

/*
 * What the main thread and a thread of the edge tell each other. All of it is plain data; memory that they share is named in the plan.
 * A request has a number, and its answer has the same.
 */

/** What a thread begins with. */
export interface ThreadStart {
  /** Of the program that the main thread runs: a thread is loaded from the disk, where another may be by now. */
  readonly version: string;
  /** From 2: the main thread is 1. */
  readonly thread: number;
  readonly plan: EdgePlan;
  /** Upstreams that get requests, now or soon. */
  readonly available: ReadonlyMap<string, Availability>;
  /** Where the clock of the main thread stands at 0, in nanoseconds of the machine's clock. */
  readonly clockOrigin: bigint;
  /** Through which bays are reached. */
  readonly relay: RelayPlace;
  /** Requests are counted. */
  readonly counts: boolean;
}

/** What is asked of a thread and answered. */
export type ThreadRequest =
  /** Do all for this plan that may fail. */
  | { readonly type: "prepare"; readonly plan: EdgePlan }
  /** Put in force what was prepared last. */
  | { readonly type: "commit" }
  /** Close what was opened for what was prepared last; it is not wanted. */
  | { readonly type: "abandon" }
  | { readonly type: "drain"; readonly upstream: string }
  /** Say what was counted. */
  | { readonly type: "report" }
  | { readonly type: "close" };

export type ToThread =
  | (ThreadRequest & { readonly id: number })
  /** Nobody has patience for this request any more. */
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "accessTaken"; readonly lines: number; readonly characters: number }
  | { readonly type: "available"; readonly upstream: string; readonly available: Availability };

/** What a thread has counted since its last report; of payloads, since they were opened. */
export interface ThreadReport {
  readonly tally: Tally;
  readonly payloads: readonly PayloadFigures[];
  /** Upstreams that requests wait for, with how many do: all there are, not what changed. */
  readonly held: readonly (readonly [upstream: string, count: number])[];
}

/** An error as it goes from one thread to another, where classes and codes are lost. */
export interface PlainError {
  readonly message: string;
  readonly code?: string | undefined;
}

export type FromThread =
  | { readonly type: "opened" }
  | { readonly type: "failed"; readonly error: PlainError }
  | { readonly type: "answer"; readonly id: number; readonly report?: ThreadReport | undefined; readonly error?: PlainError | undefined }
  | { readonly type: "report"; readonly report: ThreadReport }
  /** Lines of the access log, and how many before them were left out. Answered with `accessTaken`. */
  | { readonly type: "access"; readonly lines: readonly string[]; readonly dropped: number }
  /** A request to an upstream failed, or the first after such a failure was answered. */
  | { readonly type: "judged"; readonly upstream: string; readonly failure: string | undefined }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields };
