import type { Emitter } from "@mothership/kernel";
import type { CgroupParent } from "./cgroup.ts";
import type { Places } from "./check.ts";
import type { SupervisorDeps } from "./contract.ts";
import type { SupervisorEvents } from "./events.ts";
import type { ProbeResult } from "./probe.ts";
import type { ManagedProcess } from "./process.ts";
import type { ProcessTable } from "./process-table.ts";
import type { ReadingTurns } from "./reading-turns.ts";
import type { ProcessRecord } from "./record.ts";

/** What a process shares with the others of its set. */
export interface World {
  readonly deps: SupervisorDeps & { readonly random: () => number };
  readonly fleetId: string;
  readonly dieWithSupervisor: boolean;
  readonly table: ProcessTable;
  readonly cgroups: CgroupParent | undefined;
  readonly events: Emitter<SupervisorEvents>;
  readonly probePlaces: Places;
  readonly turns: ReadingTurns;
  /** Runs this after all that was posted before: one thing at a time in the whole set. */
  post(run: () => void): void;
  /** The record of a process has changed, or it printed a line that others wait for. */
  changed(process: ManagedProcess, before: ProcessRecord): void;
  /** Something that this process depends on is down. */
  dependencyDown(process: ManagedProcess): boolean;
  /** A probe was made. */
  probed(process: ManagedProcess, result: ProbeResult): void;
  /** Why a failing liveness check must not be acted on now; undefined when it is going to be. */
  holdLiveness(process: ManagedProcess): string | undefined;
  /** A timer of a check fired too late by this much. */
  late(ms: number): void;
}
