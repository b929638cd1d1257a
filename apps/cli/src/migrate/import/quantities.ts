const day = 24 * 3_600_000;

/** Milliseconds as a duration of the manifest, as short as possible; undefined where the manifest takes none such. */
export function durationText(ms: number): string | undefined {
  const whole = Math.round(ms);
  if (!(whole > 0 && whole <= day)) return undefined;
  if (whole % 3_600_000 === 0) return `${whole / 3_600_000}h`;
  if (whole % 60_000 === 0) return `${whole / 60_000}m`;
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`;
}

/** Bytes as a size of the manifest; undefined where the manifest takes none such. */
export function sizeText(bytes: number): string | undefined {
  const whole = Math.round(bytes);
  if (!(whole > 0 && whole <= 2 ** 40)) return undefined;
  for (const [unit, factor] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const)
    if (whole % factor === 0) return `${whole / factor}${unit}`;
  return `${whole}B`;
}

/** "300M", "1G", "50MB", "1024": a number of bytes, with units of 1024. Undefined for anything else. */
export function bytesOf(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text.trim()) ?? [];
  return count === undefined ? undefined : Number(count) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
}
