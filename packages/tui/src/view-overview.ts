import type { UnitSnapshot } from "@mothership/control";
import { bytes, counted, span, sparkline } from "./format.ts";
import { detailRows, unitRows } from "./layout.ts";
import { type Model, selectedUnit, shownUnits } from "./model.ts";
import { type Line, pad, type Span, shorten, width } from "./text.ts";
import { healthOf, unitStyle } from "./tones.ts";
import { perSecond, type Traffic } from "./traffic.ts";

interface Column {
  readonly title: string;
  readonly columns: number;
  readonly align?: "right";
  /** Where there is no room for all, the least important are left out. 1 is kept longest. */
  readonly rank: number;
  readonly cell: (unit: UnitSnapshot) => Span;
}

const trendColumns = 10;
const leastRoutes = 16;

/** The table of units with the chosen one marked, and what else is known of it below. */
export function viewOverview(model: Model, now: number): readonly Line[] {
  const units = shownUnits(model);
  const rows = unitRows(model.size, "overview");
  const columns = columnsFor(model, now);
  const head: Line = [{ text: "  " }, ...columns.flatMap((column) => cellOf({ text: column.title, bold: true, dim: true }, column))];
  const shown = units.slice(model.unitTop, model.unitTop + rows).map((unit) => unitLine(unit, columns, model));
  const empty: Line = [
    { text: model.units.length === 0 ? "  The manifest has no ships." : "  No unit matches the filter. Esc ends it.", dim: true },
  ];
  const table = units.length === 0 ? [empty] : shown;
  return [head, ...table, ...Array.from({ length: rows - table.length }, (): Line => []), ...details(model, now)];
}

function unitLine(unit: UnitSnapshot, columns: readonly Column[], { selected, size }: Model): Line {
  const cells = columns.flatMap((column) => cellOf(column.cell(unit), column));
  if (unit.name !== selected) return [{ text: "  " }, ...cells];
  return pad([{ text: "▸ " }, ...cells], size.columns).map((cell) => ({ ...cell, inverse: true, dim: false }));
}

function cellOf(cell: Span, { columns, align }: Column): Line {
  return [...pad([cell], columns, align), { text: " " }];
}

/** The columns that fit, names as wide as they need to be; what is left over is for routes. */
function columnsFor(model: Model, now: number): readonly Column[] {
  const longest = model.units.reduce((most, { name }) => Math.max(most, width(name)), 8);
  const named = (columns: number): Column => ({
    title: "NAME",
    columns,
    rank: 0,
    cell: ({ name }) => ({ text: shorten(name, columns), bold: true }),
  });
  let room = model.size.columns - 2 - (Math.min(longest, 18) + 1);
  const taken = new Set<Column>();
  for (const column of columnsOf(model, now).toSorted((a, b) => a.rank - b.rank)) {
    if (column.columns + 1 > room) break;
    room -= column.columns + 1;
    taken.add(column);
  }
  const name = Math.min(longest, 18 + Math.max(0, room), 40);
  room -= name - Math.min(longest, 18);
  const others = columnsOf(model, now).filter(({ title }) => [...taken].some((column) => column.title === title));
  const routes: Column = {
    title: "ROUTES",
    columns: room - 1,
    rank: 99,
    cell: ({ routes }) => ({ text: routes.join(" "), dim: true }),
  };
  return [named(name), ...others, ...(room > leastRoutes ? [routes] : [])];
}

function columnsOf({ memory, traffic, units }: Model, now: number): readonly Column[] {
  const group = units.reduce((most, { group }) => Math.max(most, width(group)), 5);
  const clients = units.some((unit) => unit.clients !== undefined);
  return [
    { title: "KIND", columns: 4, rank: 12, cell: ({ kind }) => ({ text: kind }) },
    { title: "GROUP", columns: Math.min(12, group), rank: 7, cell: ({ group }) => ({ text: group }) },
    { title: "STATE", columns: 9, rank: 1, cell: (unit) => ({ text: unit.state, ...unitStyle(unit) }) },
    { title: "FOR", columns: 4, align: "right", rank: 3, cell: ({ since }) => ({ text: span(now - since) }) },
    {
      title: "HEALTH",
      columns: 6,
      rank: 2,
      cell: healthCell,
    },
    { title: "RESTARTS", columns: 8, align: "right", rank: 4, cell: restarts },
    { title: "PID", columns: 7, align: "right", rank: 9, cell: ({ pid }) => ({ text: pid === undefined ? "-" : String(pid) }) },
    {
      title: "MEMORY",
      columns: 7,
      align: "right",
      rank: 5,
      cell: ({ rssBytes }) => ({ text: rssBytes === undefined ? "-" : bytes(rssBytes) }),
    },
    {
      title: "TREND",
      columns: trendColumns,
      rank: 10,
      cell: ({ name }) => ({ text: sparkline(memory.get(name) ?? [], trendColumns), color: "cyan" }),
    },
    ...(traffic.size > 0
      ? [
          { title: "REQ/S", columns: 5, align: "right", rank: 6, cell: rateCell(traffic) } as const,
          { title: "REQUESTS", columns: trendColumns, rank: 11, cell: loadCell(traffic) } as const,
        ]
      : []),
    ...(clients ? [{ title: "CLIENTS", columns: 7, align: "right", rank: 8, cell: clientsCell } as const] : []),
  ];
}

function healthCell(unit: UnitSnapshot): Span {
  const health = healthOf(unit);
  if (health === "none") return { text: "-", dim: true };
  return health === "ok" ? { text: "ok", color: "green" } : { text: "bad", color: "red" };
}

function rateCell(traffic: Traffic): Column["cell"] {
  return ({ name }) => {
    const rate = traffic.get(name)?.rates.at(-1);
    return rate === undefined ? { text: traffic.has(name) ? "-" : "", dim: true } : { text: perSecond(rate), dim: rate === 0 };
  };
}

function loadCell(traffic: Traffic): Column["cell"] {
  return ({ name }) => ({ text: sparkline(traffic.get(name)?.rates ?? [], trendColumns, 0), color: "cyan" });
}

function clientsCell({ clients }: UnitSnapshot): Span {
  return { text: clients === undefined ? "" : String(clients) };
}

function restarts({ restarts, crashLoop }: UnitSnapshot): Span {
  if (crashLoop) return { text: `${restarts} loop`, color: "red", bold: true };
  return restarts > 0 ? { text: String(restarts), color: "yellow" } : { text: "0", dim: true };
}

/** Below the table: why the chosen unit is in its state, what it waits for, what it serves. */
function details(model: Model, now: number): readonly Line[] {
  const rows = detailRows(model.size);
  if (rows === 0) return [];
  const rule: Line = [{ text: "─".repeat(model.size.columns), dim: true }];
  const unit = selectedUnit(model);
  if (!unit) return [rule];
  const waits = unit.waitsFor.length > 0 ? `, waits for ${unit.waitsFor.join(", ")}` : "";
  const state: Line = [
    { text: unit.name, bold: true },
    { text: `  ${unit.kind}${unit.critical ? ", critical" : ""}, group ${unit.group}  `, dim: true },
    { text: unit.state, ...unitStyle(unit) },
    { text: ` for ${span(now - unit.since)}${waits}` },
    ...(unit.crashLoop ? [{ text: "  crash loop", color: "red", bold: true } as const] : []),
  ];
  const memory = model.memory.get(unit.name) ?? [];
  const trend = memory.length > 0 ? `memory ${sparkline(memory, 40)} ${bytes(memory.at(-1) ?? 0)}` : "";
  const load = model.traffic.get(unit.name);
  const requests = load ? `requests ${sparkline(load.rates, 20, 0)} ${perSecond(load.rates.at(-1) ?? 0)}/s, ${load.count} in all  ` : "";
  const facts: Line = [
    { text: requests, color: "cyan" },
    { text: unit.clients === undefined ? "" : `${counted(unit.clients, "client")}  ` },
    { text: `routes ${unit.routes.join(" ") || "none"}`, dim: true },
  ];
  const reason: Line = [{ text: unit.reason === "" ? "" : `${unit.reason}  ` }, { text: trend, color: "cyan" }];
  return [rule, state, reason, facts].slice(0, rows);
}
