import type { PostgresElection } from "../src/election.ts";
import type { WorkSpec } from "./work.ts";

/** What a member is told to take part in. */
export interface Task {
  readonly id: number;
  readonly election: PostgresElection;
  readonly work: WorkSpec;
}

/** What a member reports. Times are of the machine's monotonic clock, in milliseconds, so that those of several processes compare. */
export type Report =
  | { readonly event: "elected"; readonly role: string; readonly tookMs: number }
  | { readonly event: "working" }
  | { readonly event: "stopped"; readonly done: boolean }
  | { readonly event: "announcing" }
  | { readonly event: "waited"; readonly tookMs: number }
  | { readonly event: "launched"; readonly role: string }
  | { readonly event: "failed"; readonly code: string; readonly message: string };
export type Said = Report & { readonly id: number; readonly at: number };

/** The machine's monotonic clock. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
