const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest duration that is read: one day. */
const longestMs = 24 * 3_600_000;

/**
 * Reads "10s", "500ms", "1.5s", "1m30s" as whole milliseconds.
 * Undefined when the text is no duration, is zero, or is longer than a day.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h) ?)+$/.test(text) || text.endsWith(" ")) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(count) * (units[unit ?? ""] ?? 0);
  const ms = Math.round(total);
  return ms > 0 && ms <= longestMs ? ms : undefined;
}
