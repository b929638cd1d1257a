import type { Deps } from "@mothership/kernel";
import { deadline, messageOf } from "@mothership/kernel";
import { background } from "./background.ts";
import type { SupervisorDeps } from "./contract.ts";

/** A drain that is under way. */
export interface Drain {
  /** The hook need not go on: its signal fires. `onDone` may still be called. */
  end(): void;
}

/** Awaits the hook for `drainMs` at most, whether or not it keeps to its signal, and calls `onDone` once. */
export function openDrain(
  name: string,
  drainMs: number,
  hook: SupervisorDeps["drain"] & {},
  { clock, log }: Deps,
  onDone: () => void,
): Drain {
  const ending = new AbortController();
  const limit = deadline(`draining "${name}"`, drainMs, clock, ending.signal);
  const cut = new Promise<void>((resolve) => limit.signal.addEventListener("abort", () => resolve(), { once: true }));
  const done = Promise.try(() => hook(name, { signal: limit.signal })).catch((error: unknown) => {
    if (!ending.signal.aborted) log.warn("draining failed", { ship: name, reason: messageOf(error) });
  });
  const over = Promise.race([done, cut]).then(() => {
    limit[Symbol.dispose]();
    onDone();
  });
  background(over, log);
  return { end: () => ending.abort(new Error("the process is not drained any more")) };
}
