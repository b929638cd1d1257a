import type { Check, Probe as ManifestProbe, Ship } from "@mothership/manifest";
import { type CheckSpec, connectCheck, type Probe, type ProcessSpec } from "@mothership/supervisor";

/**
 * How one sees that a ship is well. One that only has routes is ready when its address takes connections. What a ship that runs once would
 * be asked for is not looked at: it ends.
 */
export function shipChecks(ship: Ship): Pick<ProcessSpec, "startup" | "ready" | "live"> {
  const { bind, routes, oneshot, startup, readiness, liveness, startupTimeoutMs: limitMs } = ship;
  if (oneshot) return {};
  const ready = readiness ? checkOf(readiness) : bind && routes.length > 0 ? connectCheck(bind) : undefined;
  return {
    ...(startup ? { startup: { ...startOf(startup), limitMs } } : ready && { startup: { ...startAs(ready, readiness), limitMs } }),
    ...(ready && { ready }),
    ...(liveness && { live: checkOf(liveness) }),
  };
}

/** A startup check of its own. */
function startOf({ probe, initialDelayMs, intervalMs, timeoutMs }: Check): NonNullable<ProcessSpec["startup"]> {
  return { probe: probeOf(probe), initialDelayMs, intervalMs, timeoutMs };
}

/** The readiness check made at start: as often as a startup check is, with as much time for an answer as readiness has. */
function startAs({ probe }: CheckSpec, readiness: Check | undefined): NonNullable<ProcessSpec["startup"]> {
  return { probe, ...(readiness && { timeoutMs: readiness.timeoutMs }) };
}

function checkOf({ probe, ...times }: Check): CheckSpec {
  return { probe: probeOf(probe), ...times };
}

function probeOf(probe: ManifestProbe): Probe {
  return probe.kind === "connect" ? probe.address : probe;
}
