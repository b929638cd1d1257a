import type { ExitReport, ProbeReport, UnitExplanation } from "@mothership/control";
import { bytes, counted, span, timeOfDay } from "./format.ts";
import { bodyRows } from "./layout.ts";
import type { Model } from "./model.ts";
import { styled } from "./sgr.ts";
import type { Line, Span } from "./text.ts";
import { unitStyle } from "./tones.ts";

/** Results of each kind of probe that are shown. */
const shownProbes = 5;

/** Why a unit is in its state: its history, as the fleet tells it. */
export function viewDetail({ detail, size }: Model, now: number): readonly Line[] {
  if (!detail) return [];
  if (detail.failure !== undefined) return [heading(detail.unit), [{ text: `  ${detail.failure}`, color: "red" }]];
  if (!detail.known) return [heading(detail.unit), [{ text: "  asking the fleet…", dim: true }]];
  return detailLines(detail.known, now).slice(detail.top, detail.top + bodyRows(size));
}

/** All lines about a unit, however many rows there are for them. */
export function detailLines(unit: UnitExplanation, now: number): readonly Line[] {
  const named = (name: string, text: string): Line[] => (text === "" ? [] : [[{ text: `  ${name.padEnd(12)}`, dim: true }, { text }]]);
  return [
    heading(unit.name),
    [
      { text: `  ${"state".padEnd(12)}`, dim: true },
      { text: unit.state, ...unitStyle(unit) },
      { text: ` for ${span(now - unit.since)}, ${counted(unit.restarts, "restart")}` },
      ...(unit.crashLoop ? [{ text: "  crash loop", color: "red", bold: true } as const] : []),
    ],
    ...named("why", unit.reason),
    ...named("next start", unit.delayMs === undefined ? "" : `in ${span(unit.delayMs)}`),
    ...named("waits for", unit.waitsFor.join(", ")),
    ...named("depends on", unit.dependsOn.join(", ")),
    ...named("kind", `${unit.kind}${unit.critical ? ", critical" : ""}, group ${unit.group}`),
    ...named("command", unit.command),
    ...named("pid", unit.pid === undefined ? "" : String(unit.pid)),
    ...named("memory", unit.rssBytes === undefined ? "" : bytes(unit.rssBytes)),
    ...named("routes", unit.routes.join(" ")),
    ...named("lost lines", unit.droppedLines === 0 ? "" : String(unit.droppedLines)),
    ...exitLines(unit.exits),
    ...probeLines("startup", unit.probes.startup),
    ...probeLines("readiness", unit.probes.ready),
    ...probeLines("liveness", unit.probes.live),
  ];
}

function probeLines(kind: string, reports: readonly ProbeReport[]): readonly Line[] {
  if (reports.length === 0) return [];
  const lines = reports.slice(0, shownProbes).map(({ at, ok, latencyMs, reason }): Line => {
    const result: Span = ok ? { text: "ok    ", color: "green" } : { text: "failed", color: "red" };
    return [{ text: `  ${timeOfDay(at)} ` }, result, { text: ` ${Math.round(latencyMs)} ms  ${reason}` }];
  });
  return [[], [{ text: `Probe ${kind}, latest first`, bold: true }], ...lines];
}

function exitLines(exits: readonly ExitReport[]): readonly Line[] {
  if (exits.length === 0) return [];
  const lines = exits.flatMap(({ at, pid, code, signal, requested, reason = "was told to", lines }): readonly Line[] => {
    const how = signal === null ? `code ${code ?? "unknown"}` : `signal ${signal}`;
    const bad = !requested && (signal !== null || code !== 0);
    return [
      [
        { text: `  ${timeOfDay(at)} ` },
        { text: how, ...(bad && { color: "red" }) },
        { text: `, pid ${pid}${requested ? `, ${reason}` : ""}${lines.length > 0 ? "; its last lines:" : ""}` },
      ],
      ...lines.map((text): Line => [{ text: "    | ", dim: true }, ...styled(text)]),
    ];
  });
  return [[], [{ text: "Exits, latest first", bold: true }], ...lines];
}

function heading(name: string): Line {
  return [{ text: name, bold: true }];
}
