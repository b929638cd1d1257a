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

export function tomlValue(value: TomlValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `[${value.map(tomlValue).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** A comment; what would end its line, or cannot stand in a file, becomes a space. */
export function tomlComment(text: string): string {
  return `# ${wellFormed(text).replaceAll(/[\u0000-\u001f\u007f]+/g, " ")}`;
}

// The escapes of JSON are escapes of TOML; DEL is the one character that TOML forbids and JSON does not.
function quoted(text: string): string {
  return JSON.stringify(wellFormed(text)).replaceAll("\u007f", "\\u007F");
}

/** Half of a surrogate pair cannot be written as UTF-8. */
function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}
