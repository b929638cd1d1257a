import { posix } from "node:path";
import type { Note } from "../note.ts";
import { folderMark, type Literal, type LiteralEntry } from "./js-literal.ts";
import { plainOf } from "./literal-of.ts";

/** One app of a pm2 file. Remembers what was asked for, so that nothing is left over unseen. */
export class Pm2Fields {
  readonly line: number | undefined;
  readonly #entries: ReadonlyMap<string, LiteralEntry>;
  readonly #seen = new Set<string>();
  readonly #notes: Note[] = [];
  readonly #file: string;
  /** Absolute folder of the file. */
  readonly #here: string;
  /** How the app is called in notes. */
  label = "";

  constructor(
    entries: readonly LiteralEntry[],
    line: number | undefined,
    { file, here }: { readonly file: string; readonly here: string },
  ) {
    this.#entries = new Map(entries.map((entry) => [snakeCase(entry.key), entry]));
    this.line = line;
    this.#file = file;
    this.#here = here;
  }

  get notes(): readonly Note[] {
    return this.#notes;
  }

  /** The first of these keys that is there. All of them count as seen. */
  find(...keys: readonly string[]): LiteralEntry | undefined {
    for (const key of keys) this.#seen.add(key);
    return keys.map((key) => this.#entries.get(key)).find((entry) => entry !== undefined);
  }

  text(...keys: readonly string[]): string | undefined {
    const entry = this.find(...keys);
    if (entry === undefined || isNull(entry.value)) return undefined;
    if (entry.value.kind === "scalar" && typeof entry.value.value !== "boolean") return plainFolder(String(entry.value.value));
    this.note(keys, `"${entry.key}" is no text and is left out`);
    return undefined;
  }

  /** A path that begins in the folder of the file, seen from `cwd`; any other as it is. */
  path(cwd: string | undefined, ...keys: readonly string[]): string | undefined {
    const text = this.text(...keys);
    const written = this.find(...keys)?.value;
    if (text === undefined || written?.kind !== "scalar" || !String(written.value).startsWith(folderMark)) return text;
    if (cwd === undefined) return text;
    return posix.isAbsolute(cwd) ? posix.join(this.#here, text) : posix.relative(cwd, text);
  }

  flag(...keys: readonly string[]): boolean | undefined {
    const value = this.find(...keys)?.value;
    if (value?.kind !== "scalar" || value.value === null) return undefined;
    return value.value === "false" ? false : Boolean(value.value);
  }

  /** Texts of a list, or of one text that `split` takes apart. */
  texts(split: (text: string) => string[] | undefined, ...keys: readonly string[]): string[] {
    const entry = this.find(...keys);
    if (entry === undefined || isNull(entry.value)) return [];
    if (entry.value.kind === "list")
      return entry.value.items.filter((item) => !isNull(item)).map((item) => plainFolder(String(plainOf(item))));
    const words = entry.value.kind === "scalar" ? split(plainFolder(String(entry.value.value))) : undefined;
    if (words === undefined) this.note(keys, `"${entry.key}" cannot be taken apart into words and is left out`, "write it as a list");
    return words ?? [];
  }

  /** Keys that nothing has asked for. */
  unseen(): readonly LiteralEntry[] {
    return [...this.#entries].filter(([key]) => !this.#seen.has(key)).map(([, entry]) => entry);
  }

  /** Says something about the first of these keys that is there; about the app where none is. */
  note(keys: readonly string[], what: string, advice?: string): void {
    const entry = keys.map((key) => this.#entries.get(key)).find((one) => one !== undefined);
    this.#notes.push({ file: this.#file, line: entry?.line ?? this.line, what: `${this.label}: ${what}`, advice });
  }
}

export function isNull(value: Literal): boolean {
  return value.kind === "scalar" && value.value === null;
}

/** pm2 takes `maxRestarts` for `max_restarts`; the environments keep their names. */
function snakeCase(key: string): string {
  return key.startsWith("env_") ? key : key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The folder of the file is where processes run that say nothing else. */
function plainFolder(text: string): string {
  return text.replaceAll(folderMark, ".");
}
