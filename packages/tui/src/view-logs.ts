import { timeOfDay } from "./format.ts";
import { bodyRows, logRows, unitRows } from "./layout.ts";
import type { KeptLine, LogLines } from "./log-buffer.ts";
import { type Model, shownUnits } from "./model.ts";
import { styled, withoutEscapes } from "./sgr.ts";
import { between, fit, type Line, pad, type Span } from "./text.ts";
import { nameColor, unitStyle } from "./tones.ts";

/** The list of units is left out when the screen has fewer columns. */
const leastColumnsForList = 70;
const timeColumns = 60;
const nameColumns = 14;

/** Units at the left, the lines of the chosen one (or of all) at the right. */
export function viewLogs(model: Model, log: LogLines): readonly Line[] {
  const list = model.all || model.size.columns < leastColumnsForList ? undefined : unitList(model);
  const listColumns = list ? Math.min(26, Math.floor(model.size.columns / 4)) : 0;
  const columns = model.size.columns - (list ? listColumns + 3 : 0);
  const right = [logHead(model, log, columns), ...logLines(model, log, columns)];
  if (!list) return right;
  return Array.from({ length: bodyRows(model.size) }, (_, row) => [
    ...pad(list[row] ?? [], listColumns),
    { text: " │ ", dim: true },
    ...(right[row] ?? []),
  ]);
}

function unitList(model: Model): readonly Line[] {
  const units = shownUnits(model).slice(model.unitTop, model.unitTop + unitRows(model.size, "logs"));
  const head: Line = [{ text: "  UNIT", bold: true, dim: true }];
  return [
    head,
    ...units.map((unit): Line => {
      const chosen = unit.name === model.selected;
      const mark: Span = { text: "● ", ...unitStyle(unit) };
      // Filled up by who places the list, in the style of the last span.
      return chosen
        ? [
            { ...mark, text: "▸ ", inverse: true },
            { text: unit.name, inverse: true, bold: true },
          ]
        : [mark, { text: unit.name }];
    }),
  ];
}

function logHead(model: Model, log: LogLines, columns: number): Line {
  const name = model.all ? "all units" : model.selected || "no unit";
  const last = model.follow ? log.next : Math.min(log.next, top(model, log) + logRows(model.size));
  const place = `${last - log.first} of ${log.next - log.first} lines`;
  const mode: Span = model.follow ? { text: "following", color: "green" } : { text: "standing still", color: "yellow" };
  const found = model.search === "" ? "" : `  /${model.search}`;
  const shift = model.logShift === 0 ? "" : `  from column ${model.logShift + 1}`;
  return between(
    [
      { text: name, bold: true },
      { text: `${found}${shift}`, color: "cyan" },
    ],
    [mode, { text: `  ${place}`, dim: true }],
    columns,
  );
}

/** Only the lines that are seen are looked at: a flood costs no more than a screen. */
function logLines(model: Model, log: LogLines, columns: number): readonly Line[] {
  const from = top(model, log);
  return Array.from({ length: logRows(model.size) }, (_, row) => {
    const line = log.at(from + row);
    if (!line) return row === 0 ? [{ text: "no lines yet", dim: true }] : [];
    return logLine(line, model, columns, from + row === model.match);
  });
}

function top(model: Model, log: LogLines): number {
  const bottom = Math.max(log.first, log.next - logRows(model.size));
  return model.follow ? bottom : Math.max(log.first, Math.min(model.logTop, bottom));
}

function logLine({ name, stream, at, text }: KeptLine, model: Model, columns: number, found: boolean): Line {
  const before: Span[] = [
    ...(model.size.columns >= timeColumns ? [{ text: `${timeOfDay(at)} `, dim: true }] : []),
    ...(model.all ? [...pad([{ text: name, color: nameColor(name) }], nameColumns), { text: " " }] : []),
    { text: found ? "▸ " : "| ", ...(stream === "stderr" ? { color: "red" } : { dim: true }) },
  ];
  const prefix = (model.size.columns >= timeColumns ? 9 : 0) + (model.all ? nameColumns + 1 : 0) + 2;
  const content = stream === "lost" ? [{ text: `… ${text}`, color: "yellow" } as const] : marked(text, model.search);
  return [...before, ...fit(content, columns - prefix, model.logShift)];
}

/** The line with what is sought in inverse; its own colours give way then. */
function marked(text: string, search: string): Line {
  if (search === "") return styled(text);
  const plain = withoutEscapes(text);
  const wanted = search.toLowerCase();
  const lower = plain.toLowerCase();
  // Lower case may have another length (İ); then places cannot be compared, and the line stays as it is.
  if (!lower.includes(wanted) || lower.length !== plain.length) return styled(text);
  const spans: Span[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    spans.push({ text: plain.slice(from, at) }, { text: plain.slice(at, at + wanted.length), inverse: true });
    from = at + wanted.length;
  }
  return [...spans, { text: plain.slice(from) }];
}
