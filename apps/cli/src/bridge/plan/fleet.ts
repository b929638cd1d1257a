import { bayAddress } from "@mothership/docking";
import type { Manifest } from "@mothership/manifest";
import type { ProcessSpec } from "@mothership/supervisor";
import { type EdgePlan, planEdge } from "./edge.ts";
import { type Docks, planProcesses, planTasks, type Surroundings } from "./processes.ts";

/** What each part is to do for a manifest, here and now: data to data, but for the one probe that asks the edge. */
export interface Planner {
  /** Folder of the sockets of bays. */
  readonly socketFolder: string;
  tasksOf(manifest: Manifest): ProcessSpec[];
  processesOf(manifest: Manifest): ProcessSpec[];
  edgePlanOf(manifest: Manifest): EdgePlan;
}

export function plannerFor(surroundings: Surroundings, folder: string, bayReady: Docks["ready"]): Planner {
  return {
    socketFolder: folder,
    tasksOf: (manifest) => planTasks(manifest, surroundings),
    processesOf: (manifest) => planProcesses(manifest, surroundings, { folder, ready: bayReady }),
    edgePlanOf: (manifest) => planEdge(manifest, (bay) => bayAddress(bay, folder)),
  };
}
