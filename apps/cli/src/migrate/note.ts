import { oneLine } from "./one-line.ts";

/** Something of the original that is not in the result, or is there in another form. */
export interface Note {
  readonly file: string;
  /** From 1; absent: the original gives no line for it. */
  readonly line?: number | undefined;
  /** One clear sentence without a full stop: what is missing or different. Repeats no value that may be a secret. */
  readonly what: string;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** `Procfile:7: what; advice` */
export function formatNote({ file, line, what, advice }: Note): string {
  const place = line === undefined ? file : `${file}:${line}`;
  // Names come from the file.
  return oneLine(`${place}: ${what}${advice === undefined ? "" : `; ${advice}`}`);
}

/** File by file, in the order in which they come up, and from the top of each down. */
export function inOrder(notes: readonly Note[]): readonly Note[] {
  const files = [...new Set(notes.map(({ file }) => file))];
  return [...notes].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0));
}
