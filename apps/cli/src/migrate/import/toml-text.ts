import { oneLine } from "../one-line.ts";

/** What a manifest can hold. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | { readonly [key: string]: TomlValue };

/** Lines are kept below this where the value can be broken. */
const lineWidth = 110;

/** One `key = value`, over several lines where it is long and a list. */
export function tomlEntry(key: string, value: TomlValue): string {
  const line = `${tomlKey(key)} = ${tomlValue(value)}`;
  if (line.length <= lineWidth || !isList(value) || value.length < 2) return line;
  return [`${tomlKey(key)} = [`, ...value.map((item) => `  ${tomlValue(item)},`), "]"].join("\n");
}

/** Whether a table is better written under a header of its own than on one line. */
export function isLongTable(key: string, value: TomlValue): value is { readonly [key: string]: TomlValue } {
  return typeof value === "object" && !isList(value) && `${tomlKey(key)} = ${tomlValue(value)}`.length > lineWidth;
}

/** A key, in quotes where it needs them. */
export function tomlKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quoted(key);
}

/** A value on one line; tables in it are inline. */
export function tomlValue(value: TomlValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(tomlValue).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A comment; what would end its line, or a terminal would obey, becomes a space. */
export function tomlComment(text: string): string {
  return `# ${oneLine(wellFormed(text))}`;
}

// The escapes of JSON are escapes of TOML. TOML forbids DEL as well, and a terminal obeys others that JSON leaves as they are.
function quoted(text: string): string {
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(wellFormed(text)).replaceAll(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escaped);
}

/** Half of a surrogate pair cannot be written as UTF-8. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}
