import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNow, type Machine } from "./machine.ts";

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function median(list: readonly number[]): number {
  return spread(list).median;
}

export function spread(list: readonly number[]): Spread {
  const sorted = [...list].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const middle = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median: middle, least: sorted[0]!, most: sorted.at(-1)! };
}

/** Round by round against the base, so that what slowed the machine in one round slows both sides. */
export function pairedRatio(ours: readonly number[], base: readonly number[]): Spread {
  return spread(ours.map((value, round) => value / base[round]!));
}

export function ranged({ median, least, most }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/** A table as it was printed. */
export interface Shown {
  readonly title: string;
  readonly table: string;
}

/** A Markdown table whose columns line up. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

/**
 * Writes one part of `bench/results/<topic>.json`, with the machine it was measured on; other parts stay as they were. `shown`: the table that was
 * printed, which `bench/tables.ts` puts into docs/performance.md.
 */
export function save(topic: string, part: string, machine: Machine, settings: object, figures: object, shown?: Shown): void {
  const folder = join(import.meta.dirname, "..", "results");
  const file = join(folder, `${topic}.json`);
  mkdirSync(folder, { recursive: true });
  const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const rounded = (_: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  const content = {
    ...before,
    [part]: { machine: { ...machine, loadAfter: loadNow() }, settings, figures, ...(shown === undefined ? {} : { shown }) },
  };
  writeFileSync(file, `${JSON.stringify(content, rounded)}\n`);
}
