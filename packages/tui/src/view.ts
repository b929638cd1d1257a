import { counted, span } from "./format.ts";
import { bodyRows, tooSmall } from "./layout.ts";
import type { LogLines } from "./log-buffer.ts";
import { type Model, type Tab, tabs } from "./model.ts";
import { between, fit, type Line, lineWidth, type Span } from "./text.ts";
import { fleetColor, healthOf } from "./tones.ts";
import { viewDetail } from "./view-detail.ts";
import { viewHelp } from "./view-help.ts";
import { viewLogs } from "./view-logs.ts";
import { viewModules } from "./view-modules.ts";
import { viewOverview } from "./view-overview.ts";

/**
 * The screen as `rows` lines of at most `columns` columns, safe to print.
 *
 * @param now Milliseconds since the epoch.
 */
export function view(model: Model, log: LogLines, now: number): readonly Line[] {
  const { columns, rows } = model.size;
  if (tooSmall(model.size)) return [fit([{ text: "too small" }], columns), ...Array.from({ length: Math.max(0, rows - 1) }, () => [])];
  const body = bodyRows(model.size);
  const lines = model.help ? viewHelp() : bodyOf(model, log, now);
  const filled = Array.from({ length: body }, (_, row) => lines[row] ?? []);
  return [title(model, now), tabRow(model), ...filled, footer(model)].map((line) => fit(line, columns));
}

function bodyOf(model: Model, log: LogLines, now: number): readonly Line[] {
  if (model.detail) return viewDetail(model, now);
  switch (model.tab) {
    case "overview":
      return viewOverview(model, now);
    case "logs":
      return viewLogs(model, log);
    case "modules":
      return viewModules(model);
  }
}

function title({ fleet, lost, size }: Model, now: number): Line {
  const status: Span =
    lost === undefined
      ? { text: fleet.status, bold: true, color: fleetColor(fleet.status) }
      : { text: " fleet gone ", bold: true, inverse: true, color: "red" };
  const since = lost === undefined ? ` ${span(now - fleet.since)}` : "";
  const left: Line = [{ text: `mothership ${fleet.version} `, bold: true }, status, { text: `${since}  pid ${fleet.pid}`, dim: true }];
  return between(left, [{ text: fleet.manifest, dim: true }], size.columns);
}

function tabRow({ tab, units, size, filter, fleet }: Model): Line {
  const names = tabs.map((one): Span => {
    const text = ` ${one.charAt(0).toUpperCase()}${one.slice(1)} `;
    return one === tab ? { text: `[${text}]`, inverse: true, bold: true } : { text: ` ${text} ` };
  });
  const bad = units.filter((unit) => healthOf(unit) === "bad").length;
  const loops = units.filter(({ crashLoop }) => crashLoop).length;
  const healthy = units.filter((unit) => unit.healthy).length;
  const right: Span[] = [
    ...(filter === "" ? [] : [{ text: `/${filter}  `, color: "cyan" } as const]),
    ...(loops > 0 ? [{ text: `${counted(loops, "crash loop")}  `, color: "red", bold: true } as const] : []),
    ...(bad > 0 ? [{ text: `${bad} bad  `, color: "red", bold: true } as const] : []),
    { text: `${healthy}/${counted(units.length, "unit")} healthy`, color: healthy === units.length ? "green" : "yellow" },
  ];
  const listening = fleet.listening.map(({ bind, address }) => `${bind} ${address}`).join("  ");
  return between([...names, { text: `  ${listening}`, dim: true }], right, size.columns);
}

function footer({ asking, entry, lost, notice, pending, size, tab, units, all, help, detail }: Model): Line {
  if (asking) {
    const critical = units.some(({ name, critical }) => name === asking.unit && critical) && asking.action !== "start";
    const verb = `${asking.action.charAt(0).toUpperCase()}${asking.action.slice(1)}`;
    const text = ` ${verb} "${asking.unit}"${critical ? " (critical)" : ""}? y: yes, any other key: no `;
    return [{ text, bold: true, inverse: true, color: "yellow" }];
  }
  if (entry)
    return [{ text: entry.kind === "filter" ? "filter: " : "search: ", bold: true }, { text: entry.text }, { text: " ", inverse: true }];
  if (notice) return [{ text: notice.text, bold: true, color: notice.bad ? "yellow" : "green" }];
  if (lost !== undefined) return [{ text: `The fleet is gone: ${lost}. Press q to leave.`, bold: true, color: "red" }];
  const busy = Array.from(pending, ([name, action]) => `${action} ${name}…`).join("  ");
  const right: Line = busy === "" ? [] : [{ text: busy, color: "cyan" }];
  const room = size.columns - 1 - Math.min(lineWidth(right), size.columns / 2);
  const hints = help ? "any key closes this" : detail ? "Up/Down scroll  i ask again  any other key closes this" : hintsFor(tab, all, room);
  return between([{ text: hints, dim: true }], right, size.columns);
}

/** As many of the hints as there is room for: the most wanted keys are first, and help and the way out always stay. */
function hintsFor(tab: Tab, all: boolean, columns: number): string {
  const hints = {
    overview: ["Tab tabs", "Up/Down choose", "Enter logs", "i why", "/ filter", "r restart", "s stop", "S start"],
    logs: ["Tab tabs", all ? "Up/Down scroll" : "Up/Down choose", "PgUp/PgDn scroll", "/ search", "f follow", "a all", "n/N next match"],
    modules: ["Tab tabs", "Up/Down choose"],
  }[tab];
  const end = "? help  q quit";
  let text = "";
  for (const hint of hints) if (text.length + hint.length + 2 + end.length <= columns) text += `${hint}  `;
  return text + end;
}
