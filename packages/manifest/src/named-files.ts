import { parseEnv } from "node:util";
import { limits } from "./limits.ts";
import { placeOf } from "./normalize-process.ts";
import type { Loose, RawManifest, RawProcess } from "./raw.ts";

/** What an env file holds, or why it cannot be used: the end of a sentence that repeats no value. */
export type EnvFile =
  | { readonly values: Readonly<Record<string, string>> }
  | { readonly problem: string; readonly hint?: string | undefined };

/** What was found in the files that a manifest names. */
export interface NamedFiles {
  /** By absolute path. What is not here was not looked at. */
  readonly envFiles: ReadonlyMap<string, EnvFile>;
  /** Commands with a space in them that are files all the same, by absolute path. */
  readonly programs: ReadonlySet<string>;
}

export const noFiles: NamedFiles = { envFiles: new Map(), programs: new Set() };

/** The files that a manifest names and that are to be looked at, by absolute path, each once. */
export function filesNamed(
  raw: Loose<RawManifest>,
  folder: string,
): { readonly envFiles: readonly string[]; readonly programs: readonly string[] } {
  const envFiles = new Set<string>();
  const programs = new Set<string>();
  for (const { own, base } of processesOf(raw)) {
    for (const path of envFilesOf(own.env_file ?? base.env_file, folder)) envFiles.add(path);
    if (/\s/.test(own.command ?? "")) programs.add(placeOf(own.command, placeOf(own.cwd ?? base.cwd, folder) ?? folder) ?? "");
  }
  return { envFiles: [...envFiles], programs: [...programs] };
}

/** Absolute paths of the env files of one process. */
export function envFilesOf(written: Loose<RawProcess>["env_file"], folder: string): readonly string[] {
  const list = typeof written === "string" ? [written] : (written ?? []);
  return list.flatMap((one) => placeOf(one, folder) ?? []);
}

/** All that has a command, with the template that it inherits from. */
export function processesOf(
  raw: Loose<RawManifest>,
): readonly { readonly own: Loose<RawProcess>; readonly base: Loose<Partial<RawProcess>> }[] {
  const all = (tables: readonly (Loose<RawProcess> | undefined)[], base: Loose<Partial<RawProcess>> = {}) =>
    tables.flatMap((own) => (own ? [{ own, base }] : []));
  const inGroups = <T>(groups: Readonly<Record<string, readonly T[] | undefined>> = {}): readonly T[] =>
    Object.values(groups).flatMap((group) => group ?? []);
  return [...all(raw.mothership?.prelaunch ?? []), ...all(inGroups(raw.fleet), raw.base?.ship), ...all(inGroups(raw.bays), raw.base?.bay)];
}

/** Reads `NAME=value` lines as `node --env-file` does; a line that Node would pass over is a problem. */
export function readEnvFile(text: string): EnvFile {
  // Blank or a comment; or a name, =, and a value that may be in quotes and then go over several lines.
  const line = /[ \t\r]*(?:#[^\n]*)?(?:\n|$)|[ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)?[^\n]*(?:\n|$)/y;
  while (line.lastIndex < text.length) {
    const start = line.lastIndex;
    if (line.test(text)) continue;
    return { problem: `has a line ${text.slice(0, start).split("\n").length} that is not NAME=value`, hint: "a comment begins with #" };
  }
  const values = parseEnv(text) as Record<string, string>; // only what was never set would be undefined
  const count = Object.keys(values).length;
  return count > limits.entries ? { problem: `has ${count} variables, and may have ${limits.entries}` } : { values };
}
