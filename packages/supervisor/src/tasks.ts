import type { AbortOptions } from "@mothership/kernel";
import type { SupervisorDeps, SupervisorOptions } from "./contract.ts";
import type { ProcessSpec } from "./spec.ts";
import { openSupervisor } from "./supervisor.ts";

/**
 * Runs these as tasks, each once those it depends on are complete; what does not depend on each other runs side by side.
 *
 * When one fails, or the signal fires, nothing more is started, those that run are stopped, and the promise rejects once they are gone.
 *
 * @throws {TaskFailedError} for the first that fails, with its last lines of output.
 */
export async function runTasks(
  specs: readonly ProcessSpec[],
  deps: SupervisorDeps,
  {
    signal,
    ...options
  }: AbortOptions & Pick<SupervisorOptions, "fleetId" | "shutdownMs" | "maxStarting" | "dieWithSupervisor" | "cgroups"> = {},
): Promise<void> {
  const tasks = specs.map((spec): ProcessSpec => ({ ...spec, kind: "task", essential: true }));
  await using supervisor = openSupervisor(tasks, deps, { ...options, memoryIntervalMs: 0 });
  await supervisor.start(undefined, { signal });
}
