/**
 * Writes the tables of keys in docs/manifest.md from the schema of the manifest; the words between them are written by hand.
 * With `--check` it writes nothing and fails where a table is not what the schema says.
 *
 * A table stands between `<!-- keys: PATH -->` and `<!-- end -->`. PATH names a table of the manifest (`mothership.bind`), and may be
 * followed by the first and last key that are shown: `fleet cwd..log`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { referenceKeys } from "./reference-keys.ts";
import { root } from "./workspace.ts";

interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

const file = join(root, "docs/manifest.md");
const schema = JSON.parse(readFileSync(join(root, "packages/manifest/src/schema.json"), "utf8")) as Schema;

/** What a sentence of the schema leads to in the document. An editor shows the same sentence without the link. */
const links: readonly (readonly [sentence: RegExp, linked: string])[] = [
  [/JA4H fingerprint/, "[JA4H fingerprint](#fingerprints)"],
  [/Variables are expanded/, "[Variables](#environment-variables-in-values) are expanded"],
  [/Or a check\b/, "Or a [check](#checks)"],
  [/see dependencies/, "see [dependencies](#dependencies)"],
  [/See restarts/, "See [restarts](#restarts)"],
  [/See compression/, "See [below](#compression)"],
  [/See threads/, "See [below](#threads)"],
  [/^For filtering/, "For [filtering](#filtering)"],
  [/^How the ship is asked/, "[How the ship is asked](#how-a-ship-is-asked)"],
  [/^Log file\b/, "[Log file](#log-files)"],
];

/** The table itself: of lists and groups, that of their elements; of what may be a table, the table. */
function tableOf(one: Schema): Schema {
  if (one.items) return tableOf(one.items);
  if (one.patternProperties) return tableOf(Object.values(one.patternProperties)[0] ?? {});
  return one.anyOf?.find(({ type, items }) => type === "object" || items) ?? one;
}

function tableAt(path: string): Schema {
  const keys = path === "" ? [] : path.split(".");
  return keys.reduce((table, key) => {
    const inner = table.properties?.[key];
    if (!inner) throw new Error(`docs/manifest.md asks for the keys of "${path}", and the schema has no "${key}" there`);
    return tableOf(inner);
  }, tableOf(schema));
}

/** The title is what a mistake says was expected: `a size such as "1MiB"` is a size. */
function typeOf({ title = "" }: Schema): string {
  const value = /("[^"]*"|\[[^\]]*\]|\{[^}]*\})/.source;
  return title
    .replace(/^tables with the header (.*)$/, "tables `$1`")
    .replaceAll(new RegExp(` such as ${value}(( or |, )${value})*`, "g"), "")
    .replace(/^(a name|a number) (of ASCII letters|of letters|above|from).*$/, "$1")
    .replace(/ from \d+ to \d+$/, "")
    .replaceAll(/(^|, |or )(an?|the) /g, "$1")
    .replaceAll(/(?<!`)"[^"]+"/g, "`$&`");
}

function limitsOf(one: Schema): string {
  const { minimum, exclusiveMinimum, maximum, maxItems, maxProperties } = one;
  if (exclusiveMinimum !== undefined) return `above ${exclusiveMinimum}, to ${maximum}`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  const most = maxItems ?? maxProperties;
  if (most !== undefined) return `at most ${most}`;
  return one.anyOf?.map(limitsOf).find((text) => text !== "") ?? "";
}

/** A default that the schema cannot state as a value, because it depends, stands in the description. */
const spokenDefault = / ?Default: (`[^`]+`)\./;

function rowsOf(path: string, first: string | undefined, last: string | undefined): string[] {
  const { properties = {}, required = [] } = tableAt(path);
  const keys = Object.keys(properties);
  const from = first === undefined ? 0 : keys.indexOf(first);
  const to = last === undefined ? keys.length - 1 : keys.indexOf(last);
  if (from === -1 || to < from)
    throw new Error(`docs/manifest.md asks for the keys "${first}" to "${last}" of "${path}", which the schema does not have`);
  return keys.slice(from, to + 1).map((key) => {
    const one = properties[key] ?? {};
    const { description = "" } = one;
    if (description === "") throw new Error(`the schema does not say what "${key}" of "${path}" means`);
    const spoken = spokenDefault.exec(description)?.[1];
    const initial = one.default === undefined ? (spoken ?? "none") : `\`${JSON.stringify(one.default)}\``;
    const meaning = links.reduce((text, [sentence, linked]) => text.replace(sentence, linked), description.replace(spokenDefault, ""));
    const origin = referenceKeys[path]?.includes(key) ? "reference" : "addition";
    const cells = [`\`${key}\``, typeOf(one), required.includes(key) ? "required" : initial, limitsOf(one), origin, meaning];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
}

function main(): void {
  const marked = /<!-- keys: ?(\S*?)(?: (\w+)?\.\.(\w+)?)? -->\n[\s\S]*?<!-- end -->/g;
  const before = readFileSync(file, "utf8");
  let tables = 0;
  const after = before.replaceAll(marked, (found, path: string, first?: string, last?: string) => {
    tables++;
    const [marker = ""] = found.split("\n", 1);
    const head = ["| Key | Type | Default | Limits | From | Meaning |", "| --- | --- | --- | --- | --- | --- |"];
    return [marker, "", ...head, ...rowsOf(path, first, last), "", "<!-- end -->"].join("\n");
  });
  for (const [path, keys] of Object.entries(referenceKeys)) {
    const missing = keys.filter((key) => !(key in (tableAt(path).properties ?? {})));
    if (missing.length > 0) throw new Error(`the manifest of the reference has ${missing.join(", ")} in "${path}", and the schema has not`);
  }
  if (after === before) process.stdout.write(`${tables} tables of docs/manifest.md are what the schema says\n`);
  else if (process.argv.includes("--check")) {
    process.stderr.write(
      'tables of docs/manifest.md are not what the schema of the manifest says\nRun "pnpm api": the words of a table stand in packages/manifest/src/schema-*.ts.\n',
    );
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    process.stdout.write("wrote docs/manifest.md\n");
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
