import { StartFailedError, SupersededError, TaskFailedError } from "./errors.ts";
import type { StartOutcome } from "./needs.ts";
import type { ManagedProcess } from "./process.ts";

/** The error for a process that was to be started and will not be: it names the one whose fault it is, with its last words. */
export async function startError(
  process: ManagedProcess,
  outcome: Extract<StartOutcome, { readonly kind: "failed" | "superseded" }>,
  lookup: (name: string) => ManagedProcess | undefined,
): Promise<Error> {
  if (outcome.kind === "superseded") return new SupersededError(process.name, outcome.reason);
  const root = lookup(outcome.root);
  // What is stopped or disabled has not failed: then it is this one that cannot be started.
  if (root?.state !== "failed") return new StartFailedError(process.name, outcome.reason, []);
  await root.outputClosed;
  const [exit] = root.exits;
  const lines = exit?.lines ?? [];
  const { reason } = root.record;
  return root.spec.kind === "task"
    ? new TaskFailedError(root.name, reason, exit?.code ?? null, lines)
    : new StartFailedError(root.name, reason, lines);
}
