const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** A span of time, as a person says it: `45s`, `12m`, `3h`, `5d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** A number of bytes in at most seven characters: `512 KB`, `48 MB`. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} KB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** The last `columns` samples as bars from the least, or from `floor`, to the greatest; a range below a tenth of the greatest counts as flat. */
export function sparkline(samples: readonly number[], columns: number, floor?: number): string {
  const shown = samples.slice(-columns);
  const most = Math.max(...shown);
  const least = floor ?? Math.min(...shown);
  const range = Math.max(most - least, most / 10, 1);
  return shown.map((sample) => bars[Math.round(((sample - least) / range) * (bars.length - 1))] ?? "").join("");
}

/** Local time of the day. */
export function timeOfDay(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** `1 ship`, `2 ships`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
