import { parse, type TomlTable } from "smol-toml";

/** Names of variables in a text, as the manifest puts them in. */
function namesIn(text: unknown): string[] {
  if (typeof text !== "string") return [];
  return Array.from(text.replaceAll("$$", "").matchAll(/\$(?:\{(\w+)\}|(\w+))/g), ([, braced, plain]) => braced ?? plain ?? "");
}

/** What a manifest takes from outside, as it is written: a checked manifest holds the values in its place. The text must be valid. */
export function namedOutside(text: string): {
  readonly variables: readonly string[];
  readonly envFiles: ReadonlyMap<string, readonly string[]>;
} {
  const raw = parse(text);
  const mothership = tableOf(raw["mothership"]);
  const flagship = tableOf(mothership["flagship"]);
  const urls = listOf(mothership["uplinks"]).map(({ url }) => url);
  const variables = [flagship["election_url"], flagship["static_flagship"], flagship["launch_id"], ...urls].flatMap(namesIn);
  const base = tableOf(raw["base"]);
  const envFiles = new Map<string, readonly string[]>();
  const add = (tables: readonly TomlTable[], template: TomlTable): void => {
    for (const own of tables) envFiles.set(String(own["name"]), textsOf(own["env_file"] ?? template["env_file"]));
  };
  add(listOf(mothership["prelaunch"]), {});
  for (const group of Object.values(tableOf(raw["fleet"]))) add(listOf(group), tableOf(base["ship"]));
  for (const type of Object.values(tableOf(raw["bays"]))) add(listOf(type), tableOf(base["bay"]));
  return { variables: [...new Set(variables)], envFiles };
}

function tableOf(value: unknown): TomlTable {
  // Whoever calls this has a valid manifest: what is there is a table.
  return (value ?? {}) as TomlTable;
}

function listOf(value: unknown): readonly TomlTable[] {
  return Array.isArray(value) ? (value as TomlTable[]) : [];
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}
