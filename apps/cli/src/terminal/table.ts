import { fit, type Line, lineWidth, pad, paint, plainText, type Span, shorten, width as widthOf } from "@mothership/tui/text";

/** What is in a table: plain text, or text in a style. Whatever characters it has, it is made safe to show. */
export type Cell = string | Span;

export interface TableLook {
  /** Columns of the terminal; rows stay within. Default: as wide as they are. */
  readonly width?: number | undefined;
  readonly color?: boolean;
  /** Columns that give way where there is no room: their texts are cut in the middle. */
  readonly elastic?: readonly number[];
}

const gap = 2;
/** An elastic column keeps so much, and the last column gets so much before others give way. */
const leastElastic = 12;
const leastLast = 24;

/** Rows as text in aligned columns; where the last column has no room, it is cut with an ellipsis. Wide characters count as two columns. */
export function table(rows: readonly (readonly Cell[])[], { width = Infinity, color = false, elastic = [] }: TableLook = {}): string {
  const cells = rows.map((row) => row.map(spanOf));
  const natural = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => lineWidth(fit(row.slice(column, column + 1), Infinity)))),
  );
  const columns = giveWay(natural, width, elastic);
  return cells.map((row) => `${lineText(rowLine(row, columns), width, color)}\n`).join("");
}

/** A line within `width`; without colours it is plain text, for a pipe or a file. */
export function lineText(line: Line, width: number, color: boolean): string {
  const fitted = fit(line, width);
  return (color ? paint(fitted, { color }) : plainText(fitted)).trimEnd();
}

function rowLine(row: readonly Span[], columns: readonly number[]): Line {
  const last = row.length - 1;
  return row.flatMap((cell, at): Line => {
    const room = columns[at] ?? 0;
    // What is empty to the end of the row needs no filling.
    if (at === last || row.slice(at + 1).every(({ text }) => text === "")) return [cell];
    const safe = {
      ...cell,
      text: fit([cell], Infinity)
        .map(({ text }) => text)
        .join(""),
    };
    return [...pad([widthOf(safe.text) > room ? { ...safe, text: shorten(safe.text, room) } : safe], room), { text: " ".repeat(gap) }];
  });
}

/** The widths of columns when elastic ones have given the last one the room that it needs, the widest first. */
function giveWay(natural: readonly number[], width: number, elastic: readonly number[]): readonly number[] {
  const columns = [...natural];
  const last = columns.length - 1;
  const others = columns.slice(0, -1).reduce((sum, one) => sum + one + gap, 0);
  let missing = others + Math.min(columns[last] ?? 0, leastLast) - width;
  while (missing > 0) {
    const [widest] = elastic.filter((at) => (columns[at] ?? 0) > leastElastic).sort((a, b) => (columns[b] ?? 0) - (columns[a] ?? 0));
    if (widest === undefined) break;
    columns[widest] = (columns[widest] ?? 0) - 1;
    missing--;
  }
  return columns;
}

function spanOf(cell: Cell): Span {
  return typeof cell === "string" ? { text: cell } : cell;
}
