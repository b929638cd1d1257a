import { readFileSync } from "node:fs";
import type { Frame } from "../src/frame.ts";

/** A vector of `docs/docking-protocol.md`, which says in section 2 how they are written. */
export interface Vector {
  readonly title: string;
  readonly bytes: Buffer;
  /** What the frame says, as in the document; undefined for one that is an error. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly code: string | undefined;
}

export function readVectors(): readonly Vector[] {
  const text = readFileSync(new URL("../../../docs/docking-protocol.md", import.meta.url), "utf8");
  return Array.from(text.matchAll(/^```vector\n([\s\S]*?)^```/gm), ([, block = ""]) => vectorOf(block.trimEnd().split("\n")));
}

function vectorOf([title = "", ...lines]: readonly string[]): Vector {
  const result = lines.at(-1) ?? "";
  const bytes = lines.slice(0, -1).map((line) => (line.startsWith("'") ? Buffer.from(line.slice(1)) : hex(line)));
  if (!title.startsWith("# ") || !/^[=!] /.test(result)) throw new Error(`not a vector: ${title}`);
  return {
    title: title.slice(2),
    bytes: Buffer.concat(bytes),
    value: result.startsWith("= ") ? JSON.parse(result.slice(2)) : undefined,
    code: result.startsWith("! ") ? result.slice(2) : undefined,
  };
}

function hex(line: string): Buffer {
  const digits = line.replaceAll(" ", "");
  if (!/^([\da-f]{2})+$/.test(digits)) throw new Error(`not hexadecimal: ${line}`);
  return Buffer.from(digits, "hex");
}

/** A frame in the form of the document. */
export function documentForm(frame: Frame): Readonly<Record<string, unknown>> {
  const flat = { ...frame, ...("terms" in frame ? frame.terms : {}), ...("reboarding" in frame ? frame.reboarding : {}) };
  const members = Object.entries(flat).filter(([name]) => name !== "terms" && name !== "reboarding");
  return Object.fromEntries(
    members.map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
    ]),
  );
}
