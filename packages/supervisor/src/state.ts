/** The states of a process, in the order of the columns of the transition table. */
export const processStates = [
  "disabled",
  "waiting",
  "backoff",
  "starting",
  "up",
  "ready",
  "unready",
  "draining",
  "stopping",
  "sweeping",
  "stopped",
  "completed",
  "failed",
] as const;

/**
 * - `disabled`: known, never started.
 * - `waiting`: to be started once its dependencies allow it and a place among the starting ones is free.
 * - `backoff`: failed, started again when the delay has passed.
 * - `starting`: runs, its startup check has not passed yet.
 * - `up`: runs, and has no check that could say more.
 * - `ready`: runs, and its checks pass.
 * - `unready`: runs, and its readiness check fails.
 * - `draining`: about to be stopped, waits for the `drain` hook.
 * - `stopping`: was told to stop and still runs.
 * - `sweeping`: has ended; what is left of its family is being ended.
 * - `stopped`: does not run and is not to.
 * - `completed`: ended with success and is not started again.
 * - `failed`: ended, or could not start, and is not tried again.
 */
export type ProcessState = (typeof processStates)[number];
