import type { FleetSnapshot, UnitSnapshot } from "@mothership/control";
import { bytes, fleetColor, lineWidth, type Span, span, unitStyle } from "@mothership/tui/text";
import { type Cell, lineText, table } from "./table.ts";

export interface StatusLook {
  /** Columns of the terminal. Default: no limit, for who reads on is a program. */
  readonly columns?: number | undefined;
  /** Rows for all of it; where there are more units, those that are not well come first. Default: no limit. */
  readonly rows?: number | undefined;
  readonly color?: boolean;
}

const titles = ["NAME", "GROUP", "STATE", "SINCE", "PID", "RESTARTS", "MEMORY", "REQUESTS", ""] as const;
/** Below so many columns these are left out. */
const leastColumns: Readonly<Partial<Record<string, number>>> = { GROUP: 72, PID: 72, REQUESTS: 100 };
/** Lines above the units: what the fleet does, an empty one, the titles. */
const headLines = 3;

/** The text of `status`. */
export function drawStatus(
  fleet: FleetSnapshot,
  now: number,
  { columns = Infinity, rows = Infinity, color = false }: StatusLook = {},
): string {
  const { shown, left } = within(fleet.units, rows - headLines);
  const look = { width: columns, color, elastic: fits("GROUP", columns) ? [0, 1] : [0] };
  const rowsOfCells = [titles.map((text): Cell => ({ text, dim: true })), ...shown.map((unit) => rowOf(unit, now))];
  const kept = rowsOfCells.map((row) => row.filter((_, at) => fits(titles[at] ?? "", columns)));
  const units = table(kept, look);
  const more =
    left === 0
      ? ""
      : `${lineText([{ text: `and ${left} more; make the window taller, or see "mothership tui"`, dim: true }], columns, color)}\n`;
  return `${headOf(fleet, now, { columns, rows, color })}\n\n${units}${more}`;
}

/** True where there is room for the column of this title. */
function fits(title: string, columns: number): boolean {
  return columns >= (leastColumns[title] ?? 0);
}

/** What the fleet does and where it listens: in one line, or where that is too long and there is room, each bind in its own. */
function headOf(
  fleet: FleetSnapshot,
  now: number,
  { columns, rows, color }: { readonly columns: number; readonly rows: number; readonly color: boolean },
): string {
  const state: Span[] = [
    { text: fleet.status, bold: true, color: fleetColor(fleet.status) },
    { text: ` for ${span(now - fleet.since)}, pid ${fleet.pid}${threadsOf(fleet)}` },
  ];
  const binds = fleet.listening.map(({ bind, address }) => `${bind} ${address}`);
  const line: Span[] = [...state, { text: binds.length === 0 ? "" : `; listening: ${binds.join(", ")}` }];
  if (lineWidth(line) <= columns || rows !== Infinity) return lineText(line, columns, color);
  return [state, ...binds.map((text) => [{ text: `  ${text}` }])].map((one) => lineText(one, columns, color)).join("\n");
}

/** How many threads serve requests, where the main one does not do it alone. */
function threadsOf({ threads }: FleetSnapshot): string {
  if (!threads) return "";
  const all = 1 + threads.length;
  const running = 1 + threads.filter(({ state }) => state === "running").length;
  return running === all ? `, ${all} threads` : `, ${running} of ${all} threads`;
}

/** The units that there are rows for, those first that somebody should look at; a row is kept for how many are left. */
function within(units: readonly UnitSnapshot[], rows: number): { readonly shown: readonly UnitSnapshot[]; readonly left: number } {
  if (units.length <= rows) return { shown: units, left: 0 };
  const shown = [...units].sort((a, b) => Number(isWell(a)) - Number(isWell(b))).slice(0, Math.max(1, rows - 1));
  return { shown, left: units.length - shown.length };
}

function isWell({ healthy, crashLoop }: UnitSnapshot): boolean {
  return healthy && !crashLoop;
}

function rowOf(unit: UnitSnapshot, now: number): Cell[] {
  return [
    { text: unit.name, bold: true },
    unit.group,
    { text: unit.state, ...unitStyle(unit) },
    span(now - unit.since),
    unit.pid === undefined ? "-" : String(unit.pid),
    { text: String(unit.restarts), ...(unit.restarts > 0 && { color: "yellow" as const }) },
    unit.rssBytes === undefined ? "-" : bytes(unit.rssBytes),
    unit.requests === undefined ? "-" : String(unit.requests),
    { text: detailOf(unit), ...(unit.crashLoop && { color: "red" as const }) },
  ];
}

/** What a person asks next: what it waits for, why it is not well, or who reaches it. */
function detailOf({ waitsFor, healthy, crashLoop, reason, routes, clients }: UnitSnapshot): string {
  if (crashLoop) return `crash loop${reason === "" ? "" : `: ${reason}`}`;
  if (waitsFor.length > 0) return waitsFor.join("; ");
  if (!healthy) return reason;
  return [...routes, ...(clients === undefined ? [] : [`${clients} ${clients === 1 ? "client" : "clients"}`])].join(" ");
}
