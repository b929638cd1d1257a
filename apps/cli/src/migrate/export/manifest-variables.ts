import { parse, type TomlTable } from "smol-toml";

/** Names of variables in a text, as the manifest puts them in. */
function namesIn(text: unknown): string[] {
  if (typeof text !== "string") return [];
  return Array.from(text.replaceAll("$$", "").matchAll(/\$(?:\{(\w+)\}|(\w+))/g), ([, braced, plain]) => braced ?? plain ?? "");
}

/** What a manifest takes from outside. */
export interface NamedOutside {
  /** Variables of the environment, each once. */
  readonly variables: readonly string[];
  /** Env files as written, by the name of the unit. */
  readonly envFiles: ReadonlyMap<string, readonly string[]>;
  /** A value for each variable with which the manifest can be checked where it will not run. What is made of it may go nowhere. */
  readonly standIns: ReadonlyMap<string, string>;
}

/**
 * What a manifest takes from outside, as it is written: a checked manifest holds the values in its place.
 *
 * @throws {TomlError} for a text that is no TOML. Of one that is no manifest it says what it can.
 */
export function namedOutside(text: string): NamedOutside {
  const raw = parse(text);
  const mothership = tableOf(raw["mothership"]);
  const flagship = tableOf(mothership["flagship"]);
  const urls = listOf(mothership["uplinks"]).map(({ url }) => url);
  const standIns = new Map<string, string>();
  for (const text of [flagship["static_flagship"], flagship["launch_id"]]) for (const name of namesIn(text)) standIns.set(name, "1");
  // At the start of a text it is a whole URL, as in "$DATABASE_URL?sslmode=require"; anywhere else a part of one, such as a port.
  const standIn = (text: unknown, url: string): void => {
    for (const [at, name] of namesIn(text).entries()) standIns.set(name, at === 0 && String(text).startsWith("$") ? url : "1");
  };
  for (const url of urls) standIn(url, "tcp://unset.invalid:1");
  // After the others: what does for an election does for an uplink too.
  standIn(flagship["election_url"], "postgres://unset.invalid/unset");
  const base = tableOf(raw["base"]);
  const envFiles = new Map<string, readonly string[]>();
  const add = (tables: readonly TomlTable[], template: TomlTable): void => {
    for (const own of tables) envFiles.set(String(own["name"]), textsOf(own["env_file"] ?? template["env_file"]));
  };
  add(listOf(mothership["prelaunch"]), {});
  for (const group of Object.values(tableOf(raw["fleet"]))) add(listOf(group), tableOf(base["ship"]));
  for (const type of Object.values(tableOf(raw["bays"]))) add(listOf(type), tableOf(base["bay"]));
  return { variables: [...standIns.keys()], envFiles, standIns };
}

function tableOf(value: unknown): TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as TomlTable) : {};
}

function listOf(value: unknown): readonly TomlTable[] {
  return Array.isArray(value) ? value.map(tableOf) : [];
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}
