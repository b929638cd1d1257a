import type { FleetSnapshot, UnitExplanation, UnitSnapshot } from "@mothership/control";
import { systemClock } from "@mothership/kernel";
import type { Invocation } from "../args.ts";
import { fleetOf } from "../control-socket.ts";
import { exitCodes } from "../exit-codes.ts";
import { bytes, span, table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** `mothership status`: the fleet now. */
export async function status(invocation: Invocation, terminal: Terminal): Promise<number> {
  const fleet = await fleetOf(invocation).snapshot();
  terminal.out(invocation.json ? `${JSON.stringify(fleet)}\n` : drawStatus(fleet, systemClock.wallTime(), terminal.columns));
  return exitCodes.done;
}

/** The text of `status`, within `columns`. */
export function drawStatus(fleet: FleetSnapshot, now: number, columns = 100): string {
  const where = fleet.listening.map(({ bind, address }) => `${bind} ${address}`).join(", ");
  const head = `${fleet.status} for ${span(now - fleet.since)}, pid ${fleet.pid}${where === "" ? "" : `; listening: ${where}`}`;
  const rows = fleet.units.map((unit) => [
    unit.name,
    unit.group,
    stateOf(unit),
    span(now - unit.since),
    unit.pid === undefined ? "-" : String(unit.pid),
    String(unit.restarts),
    unit.rssBytes === undefined ? "-" : bytes(unit.rssBytes),
    detailOf(unit),
  ]);
  return `${head}\n\n${table([["NAME", "GROUP", "STATE", "SINCE", "PID", "RESTARTS", "MEMORY", ""], ...rows], columns)}`;
}

/** What a person asks next: what it waits for, why it is not well, or who reaches it. */
function detailOf({ waitsFor, healthy, reason, routes, clients }: UnitSnapshot): string {
  if (waitsFor.length > 0) return waitsFor.join("; ");
  if (!healthy) return reason;
  return [...routes, ...(clients === undefined ? [] : [`${clients} ${clients === 1 ? "client" : "clients"}`])].join(" ");
}

function stateOf(unit: UnitSnapshot): string {
  return unit.crashLoop ? `${unit.state} (crash loop)` : unit.state;
}

/** `mothership explain NAME`: why is it in this state? */
export async function explain(invocation: Invocation, terminal: Terminal): Promise<number> {
  const unit = await fleetOf(invocation).explain(invocation.operands[0] ?? "");
  terminal.out(invocation.json ? `${JSON.stringify(unit)}\n` : drawExplanation(unit, systemClock.wallTime()));
  return exitCodes.done;
}

/** The text of `explain`: the state and its reason first, then what led to it. */
export function drawExplanation(unit: UnitExplanation, now: number): string {
  const ago = (at: number): string => `${span(now - at)} ago`;
  const lines = [
    `${unit.kind} "${unit.name}" (${unit.group}) is ${stateOf(unit)} since ${span(now - unit.since)}: ${unit.reason}`,
    ...(unit.pid === undefined
      ? []
      : [`  pid ${unit.pid}, ${unit.restarts} restarts${unit.rssBytes === undefined ? "" : `, ${bytes(unit.rssBytes)} of memory`}`]),
    ...unit.waitsFor.map((what) => `  waits for ${what}`),
    ...(unit.delayMs === undefined ? [] : [`  is started again in ${span(unit.delayMs)}`]),
    ...(unit.droppedLines === 0 ? [] : [`  ${unit.droppedLines} lines of its output were dropped`]),
  ];
  const exits = unit.exits.flatMap((exit) => [
    `  ${ago(exit.at)}: pid ${exit.pid} ${exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`}${exit.requested ? ", as it was told" : ""}`,
    ...exit.lines.slice(-5).map((line) => `    | ${line}`),
  ]);
  const probes = Object.entries(unit.probes).flatMap(([kind, results]) =>
    results
      .slice(0, 3)
      .map((probe) => `  ${kind} ${ago(probe.at)}: ${probe.ok ? "passed" : `failed, ${probe.reason}`} (${Math.round(probe.latencyMs)} ms)`),
  );
  const sections = [
    lines,
    ...(exits.length > 0 ? [["last exits:", ...exits]] : []),
    ...(probes.length > 0 ? [["last probes:", ...probes]] : []),
  ];
  return `${sections.map((section) => section.join("\n")).join("\n\n")}\n`;
}
