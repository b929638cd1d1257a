import { styleText } from "node:util";
import type { ManifestError } from "./errors.ts";
import type { ManifestIssue } from "./issue.ts";

/** How mistakes are shown. */
export interface FormatOptions {
  /** With ANSI colours. */
  readonly color: boolean;
  /** Messages and advice are broken between words to fit so many columns; the source is not. Default: they are not either. */
  readonly columns?: number | undefined;
}

/** All mistakes for a terminal, one block each: place and message, the source, what to do; then how many there are, where there is more than one. Ends without a line feed. */
export function formatIssues(error: ManifestError, { color, columns = Infinity }: FormatOptions): string {
  const paint: Paint = (format, text) => (color ? styleText(format, text, { validateStream: false }) : text);
  const blocks = error.issues.map((issue) => block(issue, paint, columns));
  const more = error.total - error.issues.length;
  if (more > 0) blocks.push(`and ${more} more ${more === 1 ? "mistake" : "mistakes"}`);
  const files = new Set(error.issues.map(({ file }) => file));
  if (error.total > 1) blocks.push(`${error.total} mistakes in ${files.size === 1 ? [...files].join("") : `${files.size} files`}`);
  return blocks.join("\n\n");
}

type Paint = (format: "bold" | "red" | "dim" | "cyan", text: string) => string;

function block({ file, line, column, message, frame, expected, hint }: ManifestIssue, paint: Paint, columns: number): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  // Broken before it is painted: what paints has no width.
  const broken = (head: string, text: string): readonly string[] => wrapped(`${head} ${text}`, columns).split("\n");
  const [first = "", ...others] = broken(place, ` ${message}`);
  const lines = [`${paint("bold", place)}${paint("red", first.slice(place.length))}`, ...others.map((one) => paint("red", one))];
  if (frame !== undefined) lines.push(...frame.split("\n").map((one) => (one.startsWith(">") ? one : paint("dim", one))));
  const advise = (head: string, text: string): void => {
    const [top = "", ...rest] = broken(head, text);
    lines.push(`${paint("cyan", head)}${top.slice(head.length)}`, ...rest);
  };
  // The message often says it already.
  if (expected !== undefined && !message.includes(expected)) advise("expected:", expected);
  if (hint !== undefined) advise("hint:", hint);
  return lines.join("\n");
}

/** In lines of at most `columns` where no word is longer; spaces inside what is kept together stay. Lines after the first are indented. */
function wrapped(text: string, columns: number): string {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/^\S+ +\S+|\s*\S+/g) ?? []) {
    if (line !== "" && line.length + piece.length > columns) {
      lines.push(line);
      line = `  ${piece.trimStart()}`;
    } else line += piece;
  }
  return [...lines, line].join("\n");
}
