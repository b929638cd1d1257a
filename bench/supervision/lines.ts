/** A file of numbered lines of 100 bytes, and the check of what became of them. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const width = 7;

export function writeLines(path: string, count: number): void {
  const file = openSync(path, "w");
  for (let from = 0; from < count; from += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - from) }, (_, at) =>
      `line ${String(from + at).padStart(width, "0")} `.padEnd(99, "x"),
    );
    writeSync(file, `${lines.join("\n")}\n`);
  }
  closeSync(file);
}

/** Whether the last line has arrived at the end of a file. */
export function endsWith(path: string, count: number): boolean {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, 4096));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail.includes(`line ${String(count - 1).padStart(width, "0")} `);
  } finally {
    closeSync(file);
  }
}

export interface Arrived {
  readonly lost: number;
  /** Lines that came twice or out of order, or were cut. */
  readonly wrong: number;
}

/** Reads everything that was written and says what is missing. */
export async function checkLines(path: string, count: number): Promise<Arrived> {
  const pattern = /line (\d{7}) (x*)/;
  let expected = 0;
  let lost = 0;
  let wrong = 0;
  for await (const text of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    const found = pattern.exec(text);
    if (!found) continue;
    const at = Number(found[1]);
    if (found[2]!.length !== 99 - 6 - width || at < expected) wrong++;
    lost += Math.max(0, at - expected);
    expected = Math.max(expected, at + 1);
  }
  return { lost: lost + count - expected, wrong };
}
