import type { UnitExplanation, UnitSnapshot } from "@mothership/control";
import type { Manifest, Ship } from "@mothership/manifest";
import type { ProcessSnapshot } from "@mothership/supervisor";

/** A ship of the manifest as it runs. */
export function unitOf(ship: Ship, process: ProcessSnapshot): UnitSnapshot {
  return {
    name: ship.name,
    kind: ship.oneshot ? "job" : "ship",
    group: ship.group,
    state: process.state,
    since: process.since,
    reason: process.reason,
    critical: ship.critical,
    ...(process.pid !== undefined && { pid: process.pid }),
    healthy: process.healthy || process.state === "completed",
    restarts: process.restarts,
    crashLoop: process.crashLoop,
    ...(process.memory && { rssBytes: process.memory.rssBytes, virtualBytes: process.memory.virtualBytes }),
    routes: ship.routes.map(({ bind, pattern }) => `${bind}:${pattern}`),
    waitsFor: process.waitsFor,
  };
}

/** The same with its history. The command is shown without its arguments, which may hold secrets. */
export function explanationOf(ship: Ship, process: ProcessSnapshot): UnitExplanation {
  return {
    ...unitOf(ship, process),
    command: ship.command,
    dependsOn: ship.dependsOn,
    ...(process.delayMs !== undefined && { delayMs: process.delayMs }),
    exits: process.exits,
    probes: process.probes,
    droppedLines: process.droppedLines,
  };
}

/** Ships by name. */
export function shipsOf({ ships }: Manifest): ReadonlyMap<string, Ship> {
  return new Map(ships.map((ship) => [ship.name, ship]));
}
