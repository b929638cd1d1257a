import { StartFailedError, SupersededError, TaskFailedError } from "./errors.ts";
import type { StartOutcome } from "./needs.ts";
import type { ManagedProcess } from "./process.ts";

/** The error for a process that was to be started and will not be, with its last words. */
export async function startError(process: ManagedProcess, outcome: StartOutcome & { readonly reason: string }): Promise<Error> {
  if (outcome.kind === "superseded") return new SupersededError(process.name, outcome.reason);
  await process.outputClosed;
  const [exit] = process.exits;
  const lines = exit?.lines ?? [];
  return process.spec.kind === "task" && process.state === "failed"
    ? new TaskFailedError(process.name, outcome.reason, exit?.code ?? null, lines)
    : new StartFailedError(process.name, outcome.reason, lines);
}
