import type { UnitExplanation, UnitSnapshot } from "@mothership/control";
import { systemClock } from "@mothership/kernel";
import { bytes, span } from "@mothership/tui/text";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { printable } from "../console/log-sink.ts";
import { fleetOf } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import { drawStatus } from "../terminal/draw-status.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership status`: the fleet now. */
export async function status(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (invocation.interval !== undefined && !invocation.watch) throw new UsageError('"--interval" belongs to "--watch"');
  // Loaded when it is asked for: the one look of most calls needs less.
  if (invocation.watch) return (await import("./watch-status.ts")).watchStatus(invocation, terminal);
  const fleet = await fleetOf(invocation).snapshot();
  terminal.out(
    invocation.json
      ? `${JSON.stringify(fleet)}\n`
      : drawStatus(fleet, systemClock.wallTime(), { columns: terminal.columns, color: terminal.color }),
  );
  return exitCodes.done;
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
    `${unit.kind} "${unit.name}" (${unit.group}) is ${stateOf(unit)} for ${span(now - unit.since)}: ${printable(unit.reason)}`,
    ...(unit.pid === undefined
      ? []
      : [
          `  pid ${unit.pid}, ${unit.restarts} ${unit.restarts === 1 ? "restart" : "restarts"}${unit.rssBytes === undefined ? "" : `, ${bytes(unit.rssBytes)} of memory`}`,
        ]),
    ...(unit.requests === undefined ? [] : [`  ${unit.requests} ${unit.requests === 1 ? "request" : "requests"} since the fleet runs`]),
    ...unit.waitsFor.map((what) => `  waits for ${what}`),
    ...(unit.delayMs === undefined ? [] : [`  is started again in ${span(unit.delayMs)}`]),
    ...(unit.droppedLines === 0 ? [] : [`  ${unit.droppedLines} lines of its output were dropped`]),
  ];
  const exits = unit.exits.flatMap((exit) => [
    `  ${ago(exit.at)}: pid ${exit.pid} ${exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`}${exit.requested ? `; ${printable(exit.reason ?? "it was told to")}` : ""}`,
    ...exit.lines.slice(-5).map((line) => `    | ${printable(line)}`),
  ]);
  const { startup, ready: readiness, live: liveness } = unit.probes;
  const probes = Object.entries({ startup, readiness, liveness }).flatMap(([kind, results]) =>
    results
      .slice(0, 3)
      .map(
        (probe) =>
          `  ${kind} ${ago(probe.at)}: ${probe.ok ? "passed" : `failed, ${printable(probe.reason)}`} (${Math.round(probe.latencyMs)} ms)`,
      ),
  );
  const sections = [
    lines,
    ...(exits.length > 0 ? [["last exits:", ...exits]] : []),
    ...(probes.length > 0 ? [["last probes:", ...probes]] : []),
  ];
  return `${sections.map((section) => section.join("\n")).join("\n\n")}\n`;
}
