import { bayAddress } from "@mothership/docking";
import type { Manifest } from "@mothership/manifest";
import type { ProcessSpec } from "@mothership/supervisor";
import { RequestCounts } from "../request-counts.ts";
import { type EdgePlan, planEdge } from "./edge.ts";
import { type Docks, planProcesses, planTasks, type Surroundings } from "./processes.ts";

/** What each part is to do for a manifest, here and now: data to data, but for the one probe that asks the edge. */
export interface Planner {
  /** Folder of the sockets of bays. */
  readonly socketFolder: string;
  tasksOf(manifest: Manifest): ProcessSpec[];
  processesOf(manifest: Manifest): ProcessSpec[];
  /** The plan counts requests where those of the plan before it did. */
  edgePlanOf(manifest: Manifest): EdgePlan;
  /** Requests that a ship or bay of the latest plan has got; undefined where no route leads to it. */
  requestsOf(name: string): number | undefined;
}

/** Makes plans for this fleet. Counts of requests live in it, so one planner serves a fleet as long as it runs, over all reloads. */
export function plannerFor(surroundings: Surroundings, folder: string, bayReady: Docks["ready"]): Planner {
  const counts = new RequestCounts();
  return {
    socketFolder: folder,
    tasksOf: (manifest) => planTasks(manifest, surroundings),
    processesOf: (manifest) => planProcesses(manifest, surroundings, { folder, ready: bayReady }),
    edgePlanOf: (manifest) => {
      const plan = planEdge(manifest, (bay) => bayAddress(bay, folder));
      return { ...plan, requests: counts.memoryFor(plan.routes.flatMap(({ to, answer }) => (answer ? [] : [to]))) };
    },
    requestsOf: (name) => counts.of(name),
  };
}
