import { setImmediate } from "node:timers";

/**
 * Calls `run` once everything that the system has for this turn of the event loop was handled.
 *
 * This is no time (which is a Clock's): it lets the frames of many sockets that were read in one turn leave in one write.
 */
export function atEndOfTurn(run: () => void): void {
  setImmediate(run);
}
