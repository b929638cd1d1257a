/** Rows as text in aligned columns, two spaces between; a row that is wider than `width` is cut with an ellipsis. */
export function table(rows: readonly (readonly string[])[], width = Infinity): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line.length > width ? `${line.slice(0, width - 1)}…` : line}\n`)
    .join("");
}

/** A span of time, as a person says it: `45s`, `12m`, `3h`, `5d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** A number of bytes: `512 KB`, `48 MB`. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} KB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}
