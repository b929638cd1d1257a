import type { AbortOptions, Logger } from "@mothership/kernel";
import { StartFailedError, SupersededError, TaskFailedError } from "./errors.ts";
import type { StartOutcome } from "./needs.ts";
import { isGone, startOutcome } from "./needs.ts";
import type { ManagedProcess } from "./process.ts";
import type { Waits } from "./waits.ts";

export interface StartWaitDeps {
  readonly waits: Waits<ManagedProcess>;
  readonly lookup: (name: string) => ManagedProcess | undefined;
  readonly log: Logger;
  /**
   * One that was stopped by hand meanwhile, or that waits for such a one: `fault` rejects, `wish` leaves it at that. Who starts the whole set
   * must not lose it because somebody stops a part.
   */
  readonly stopped: "fault" | "wish";
}

/**
 * Resolves when each of these, which were told to start, is there or, not being essential, is on its own; rejects for the first that will not
 * be. `after`: only an incarnation later than this one counts.
 */
export async function untilStarted(
  processes: readonly ManagedProcess[],
  after: number,
  { waits, lookup, log, stopped }: StartWaitDeps,
  { signal }: AbortOptions,
): Promise<void> {
  const ending = new AbortController();
  const ends = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  const look = (process: ManagedProcess): StartOutcome | undefined => {
    const { state, incarnation, desired } = process.record;
    const goingDown = state === "draining" || state === "stopping" || state === "sweeping";
    // On its way to the restart it may still look as it did before.
    if (desired === "run" && (goingDown || (incarnation <= after && !isGone(process.record)))) return undefined;
    const outcome = startOutcome(process, lookup);
    return outcome.kind === "pending" ? undefined : outcome;
  };
  const one = async (process: ManagedProcess): Promise<void> => {
    const outcome = await waits.until(process, () => look(process), { signal: ends });
    if (outcome.kind === "background") log.warn("a process did not start", { ship: process.name, reason: outcome.reason });
    if (outcome.kind !== "failed" && outcome.kind !== "superseded") return;
    const root = outcome.kind === "failed" ? lookup(outcome.root)?.record : undefined;
    const byHand = outcome.kind === "superseded" || (root?.desired === "stop" && root.state !== "failed");
    if (!byHand || stopped === "fault") throw await startError(process, outcome, lookup);
    log.warn("a process was not started, for a stop was asked for meanwhile", { ship: process.name, reason: outcome.reason });
  };
  try {
    await Promise.all(processes.map(one));
  } finally {
    ending.abort();
  }
}

/** The error for a process that was to be started and will not be: it names the one whose fault it is, with its last words. */
async function startError(
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
