import type { AbortOptions, Deps } from "@mothership/kernel";
import { findCgroupParent } from "./cgroup.ts";
import { cookiePrefix } from "./cookie.ts";
import { StuckError } from "./errors.ts";
import { openProcessTable } from "./process-table.ts";
import { sweepLimitMs } from "./reducer.ts";
import { openSweep } from "./sweep.ts";

/** How much time the processes that are found are given. */
export interface SweepFleetOptions extends AbortOptions {
  /** From SIGTERM to SIGKILL. Default 10 000. */
  readonly graceMs?: number;
}

/**
 * Ends every process that an earlier supervisor with this fleet id started and did not end, because it was killed. Call it before anything
 * is started or bound. Resolves with how many there were once none is left. The signal ends the grace: SIGKILL follows at once.
 *
 * Finds them by the mark in their environment and by their control group, so on Linux only; elsewhere it finds nothing.
 *
 * @throws {StuckError} when some are still there after SIGKILL.
 */
export function sweepFleet(fleetId: string, deps: Deps, { graceMs = 10_000, signal }: SweepFleetOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const family = { leader: 0, cookiePrefix: cookiePrefix(fleetId) };
    let limit: Disposable | undefined;
    const stop = (): void => {
      limit?.[Symbol.dispose]();
      signal?.removeEventListener("abort", kill);
    };
    const kill = (): void => {
      stop();
      sweep.kill();
      limit = deps.clock.timer(sweepLimitMs, () => {
        sweep.end();
        reject(new StuckError(`fleet ${fleetId}`));
      });
    };
    const cgroups = findCgroupParent()?.leftOf(fleetId) ?? [];
    const sweep = openSweep({ family, signal: "SIGTERM", keepDetached: false, cgroups }, openProcessTable(0), deps, () => {
      stop();
      for (const cgroup of cgroups) cgroup.remove();
      resolve(sweep.count);
    });
    limit = deps.clock.timer(graceMs, kill);
    if (signal?.aborted) kill();
    else signal?.addEventListener("abort", kill, { once: true });
  });
}
