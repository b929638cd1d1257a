import type { UnitExplanation, UnitSnapshot } from "@mothership/control";
import type { Bay, Manifest, PrelaunchJob, Ship } from "@mothership/manifest";
import type { ProcessSnapshot } from "@mothership/supervisor";

/** A member of the fleet, as the manifest has it. */
export type Member = Ship | Bay;

/** What is shown of a member, or of a prelaunch job as if it were one. */
type Shown =
  | Pick<Bay, "kind" | "name" | "type" | "critical" | "routes">
  | Pick<Ship, "kind" | "name" | "group" | "oneshot" | "critical" | "routes">;

/** What the edge knows of a member. */
export interface Traffic {
  /** Of a bay, where they are known. */
  readonly clients?: number | undefined;
  /** Where a route leads to it. */
  readonly requests?: number | undefined;
}

/** A member as it runs. */
export function unitOf(member: Shown, process: ProcessSnapshot, { clients, requests }: Traffic): UnitSnapshot {
  return {
    name: member.name,
    kind: member.kind === "bay" ? "bay" : member.oneshot ? "job" : "ship",
    group: member.kind === "bay" ? member.type : member.group,
    state: process.state,
    since: process.since,
    reason: process.reason,
    critical: member.critical,
    ...(process.pid !== undefined && { pid: process.pid }),
    healthy: process.healthy || process.state === "completed",
    restarts: process.restarts,
    crashLoop: process.crashLoop,
    ...(process.memory && { rssBytes: process.memory.rssBytes, virtualBytes: process.memory.virtualBytes }),
    routes: member.routes.map(({ bind, pattern }) => `${bind}:${pattern}`),
    waitsFor: process.waitsFor,
    ...(clients !== undefined && { clients }),
    ...(requests !== undefined && { requests }),
  };
}

/** A prelaunch job as it runs, or ran. */
export function jobUnitOf(job: PrelaunchJob, process: ProcessSnapshot): UnitSnapshot {
  return unitOf({ ...job, kind: "ship", oneshot: true, group: "prelaunch", critical: true, routes: [] }, process, {});
}

/** The same with its history. The command is shown without its arguments, which may hold secrets. */
export function explanationOf(member: Member | PrelaunchJob, process: ProcessSnapshot, traffic: Traffic): UnitExplanation {
  return {
    ...(member.kind === "job" ? jobUnitOf(member, process) : unitOf(member, process, traffic)),
    command: member.command,
    dependsOn: member.dependsOn.map(({ on }) => on),
    ...(process.delayMs !== undefined && { delayMs: process.delayMs }),
    exits: process.exits,
    probes: process.probes,
    droppedLines: process.droppedLines,
  };
}

/** Ships and bays by name, in the order of the manifest. */
export function membersOf({ ships, bays }: Manifest): ReadonlyMap<string, Member> {
  return new Map([...ships, ...bays].sort((a, b) => a.order - b.order).map((member) => [member.name, member]));
}
