import { styleText } from "node:util";
import type { ManifestError } from "./errors.ts";
import type { ManifestIssue } from "./issue.ts";

/** How mistakes are shown. */
export interface FormatOptions {
  /** With ANSI colours. */
  readonly color: boolean;
}

/** All mistakes for a terminal, one block each: place and message, the source, what to do. Ends without a line feed. */
export function formatIssues(error: ManifestError, { color }: FormatOptions): string {
  const paint: Paint = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const blocks = error.issues.map((issue) => block(issue, paint));
  const more = error.total - error.issues.length;
  if (more > 0) blocks.push(`and ${more} more ${more === 1 ? "mistake" : "mistakes"}`);
  return blocks.join("\n\n");
}

type Paint = (format: "bold" | "red" | "dim" | "cyan", text: string) => string;

function block({ file, line, column, message, frame, expected, hint }: ManifestIssue, paint: Paint): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const lines = [`${paint("bold", place)}  ${paint("red", message)}`];
  if (frame !== undefined) lines.push(...frame.split("\n").map((one) => (one.startsWith(">") ? one : paint("dim", one))));
  // The message often says it already.
  if (expected !== undefined && !message.includes(expected)) lines.push(`${paint("cyan", "expected:")} ${expected}`);
  if (hint !== undefined) lines.push(`${paint("cyan", "hint:")} ${hint}`);
  return lines.join("\n");
}
