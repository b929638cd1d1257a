import { limits } from "./limits.ts";

const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Reads "512MiB", "1.5GiB", "64KiB", "100B" as whole bytes. Undefined when the text is no size, is zero, or is above 1 TiB. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const bytes = Math.round(Number(count) * (units[unit] ?? 0));
  return bytes > 0 && bytes <= limits.sizeBytes ? bytes : undefined;
}

/** What was probably meant by a text that is no size: "512M" is "512MiB". */
export function likelySize(text: string): string | undefined {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmg])(?:i?b)?$/i.exec(text) ?? [];
  return count === undefined ? undefined : `${count}${unit.toUpperCase()}iB`;
}
