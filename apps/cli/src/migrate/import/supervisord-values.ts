/** The text in place of a variable of the environment until it is known where the value goes. */
const mark = "\u0001";

/** What `%(name)s` stands for in one process. */
export type Expressions = Readonly<Record<string, string | number>>;

/**
 * Puts in what `%(name)s` stands for, with Python's formats for numbers. `%(ENV_X)s` is marked, see `hasVariable`. Undefined: something in it
 * is not known.
 */
export function expand(value: string, known: Expressions): string | undefined {
  const unknown: string[] = [];
  const text = value.replaceAll(/%(?:%|\((\w+)\)(0?)(\d*)([sd])|)/g, (all: string, name?: string, zero?: string, width?: string) => {
    if (all === "%%") return "%";
    if (name?.startsWith("ENV_")) return `${mark}${name.slice(4)}${mark}`;
    const one = name === undefined || !Object.hasOwn(known, name) ? undefined : known[name];
    if (one === undefined) unknown.push(all);
    return String(one ?? "").padStart(Math.min(Number(width ?? 0), 64), zero === "0" ? "0" : " ");
  });
  return unknown.length === 0 ? text : undefined;
}

/** Whether a text depends on the environment in which the fleet is started. */
export function hasVariable(text: string): boolean {
  return text.includes(mark);
}

/** The text for a shell: variables as `"$X"`, all else in quotes where needed. */
export function forShell(text: string, quote: (text: string) => string): string {
  const parts = text.split(mark);
  return parts.map((part, at) => (at % 2 === 1 ? `"$${part}"` : part === "" ? "" : quote(part))).join("") || "''";
}

/** The name, if the text is the value of one variable and nothing else. */
export function onlyVariable(text: string): string | undefined {
  return new RegExp(`^${mark}(\\w+)${mark}$`).exec(text)?.[1];
}

/** `KEY="value",KEY2=value2`, over several lines too. Undefined: it cannot be read. */
export function readPairs(text: string): [key: string, value: string][] | undefined {
  const pairs: [string, string][] = [];
  let rest = text.trim();
  while (rest !== "") {
    const [all = "", key, double, single, plain] =
      /^([^\s=,"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,"'\s]*))\s*(?:,\s*|$|\n\s*)/.exec(rest) ?? [];
    if (key === undefined) return undefined;
    pairs.push([key, double ?? single ?? plain ?? ""]);
    rest = rest.slice(all.length);
  }
  return pairs;
}

/** As supervisord reads booleans; undefined for anything else. */
export function readBoolean(text: string): boolean | undefined {
  if (/^(true|t|yes|y|on|1)$/i.test(text.trim())) return true;
  return /^(false|f|no|n|off|0)$/i.test(text.trim()) ? false : undefined;
}
