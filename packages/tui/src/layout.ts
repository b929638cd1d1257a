/** Rows that are not body: title, tabs, footer. */
const frameRows = 3;
/** Below this nothing sensible can be drawn. */
export const leastColumns = 20;
export const leastRows = 6;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export function tooSmall({ columns, rows }: Size): boolean {
  return columns < leastColumns || rows < leastRows;
}

export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - frameRows);
}

/** Rows below the table of units that say more about the chosen one, with the rule above them. */
export function detailRows(size: Size): number {
  const body = bodyRows(size);
  return body >= 16 ? 4 : body >= 9 ? 3 : 0;
}

/** Rows for units: the table of the overview has a head and details, the list beside the logs all of the body. */
export function unitRows(size: Size, tab: "overview" | "logs" | "modules"): number {
  return tab === "overview" ? Math.max(1, bodyRows(size) - 1 - detailRows(size)) : Math.max(1, bodyRows(size) - 1);
}

/** Rows for log lines, below their head. */
export function logRows(size: Size): number {
  return Math.max(1, bodyRows(size) - 1);
}

/** First row of a window of `rows` over `count` rows: as near to `top` as it can be with `index` in it and without empty rows at the end. */
export function windowTop(top: number, index: number, rows: number, count: number): number {
  const least = Math.max(0, index - rows + 1);
  return Math.max(0, Math.min(Math.max(top, least), index, Math.max(0, count - rows)));
}
