import { isLongTable, type TomlValue, tomlComment, tomlEntry, tomlKey, tomlValue } from "./toml-text.ts";

/** A `key = value` of a draft. */
export interface DraftEntry {
  readonly key: string;
  readonly value: TomlValue;
  /** Written behind a `#`: something to switch on. */
  readonly off?: boolean;
}

/** One table of a manifest. */
export interface DraftTable {
  /** Its header, each part by itself: `["fleet", "web"]`. */
  readonly path: readonly string[];
  /** `[[...]]`: one of several. */
  readonly several: boolean;
  /** Lines in front of it. */
  readonly comments: readonly string[];
  readonly entries: readonly DraftEntry[];
}

/** A manifest that is going to be written. */
export interface ManifestDraft {
  /** Lines at the top of the file. */
  readonly comments: readonly string[];
  readonly tables: readonly DraftTable[];
}

/** The text of a manifest, with comments and in the order of the draft. A table in which everything is off is off too. */
export function writeDraft({ comments, tables }: ManifestDraft): string {
  return `${[comments.map(tomlComment).join("\n"), ...tables.map(writeTable)].join("\n\n")}\n`;
}

function writeTable({ path, several, comments, entries }: DraftTable): string {
  const name = path.map(tomlKey).join(".");
  const allOff = entries.every(({ off }) => off === true);
  const header = `${allOff ? "#" : ""}${several ? `[[${name}]]` : `[${name}]`}`;
  const long = entries.filter(({ key, value, off }) => off !== true && isLongTable(key, value));
  const short = entries.filter((entry) => !long.includes(entry));
  const lines = short.map(({ key, value, off }) => (off === true ? `#${tomlKey(key)} = ${tomlValue(value)}` : tomlEntry(key, value)));
  // Tables of a table come last: what stands behind their header is theirs.
  const below = long.map(({ key, value }) => {
    const inner = Object.entries(value as Readonly<Record<string, TomlValue>>).map(([name, item]) => tomlEntry(name, item));
    return [`[${name}.${tomlKey(key)}]`, ...inner].join("\n");
  });
  return [...comments.map(tomlComment), header, ...lines, ...below].join("\n");
}

/** Entries of those keys that have a value. */
export function entriesOf(values: Readonly<Record<string, TomlValue | undefined>>): DraftEntry[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
}
