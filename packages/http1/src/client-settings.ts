import { defaultClientLimits, defaultClientTimeouts, defaultMaxConnections, defaultMaxQueued } from "./limits.ts";
import type { ClientLimits, ClientTimeouts, PoolSpec } from "./types.ts";

/** A spec with all its defaults in place. */
export interface ClientSettings extends Omit<PoolSpec, "limits" | "timeouts"> {
  readonly maxConnections: number;
  readonly maxQueued: number;
  readonly limits: ClientLimits;
  readonly timeouts: ClientTimeouts;
}

export const withDefaults = (spec: PoolSpec): ClientSettings => ({
  ...spec,
  maxConnections: spec.maxConnections ?? defaultMaxConnections,
  maxQueued: spec.maxQueued ?? defaultMaxQueued,
  limits: { ...defaultClientLimits, ...spec.limits },
  timeouts: { ...defaultClientTimeouts, ...spec.timeouts },
});

/**
 * How long a connection may lie idle after a response with this `Keep-Alive` field: a second less than the upstream promises to wait, so
 * that our request does not meet its close on the way. 0 when it is not to be used again.
 */
export function idleTime(keepAlive: string, idleMs: number): number {
  if (keepAlive === "") return idleMs;
  if (/(?:^|[,;\s])max\s*=\s*0\b/i.test(keepAlive)) return 0;
  const seconds = /(?:^|[,;\s])timeout\s*=\s*(\d{1,9})/i.exec(keepAlive);
  if (!seconds) return idleMs;
  const promisedMs = Number(seconds[1]) * 1000;
  return Math.min(idleMs, promisedMs > 1000 ? promisedMs - 1000 : promisedMs / 2);
}
