import { constants, type Stats } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Manifest } from "@mothership/manifest";

/** A file that mothership is to write, and what for. */
interface Wanted {
  /** As messages begin. */
  readonly what: string;
  readonly path: string;
}

/**
 * Why log files of processes, or the access log, cannot be written: a sentence for each. Nothing is made or changed. `before`: of a
 * manifest in force, whose files are in use already and are not looked at.
 */
export async function unwritableLogs(manifest: Manifest, before?: Manifest): Promise<string[]> {
  const held = new Set(before && logFiles(before).map(({ path }) => path));
  const looks = logFiles(manifest).filter(({ path }) => !held.has(path));
  const found = await Promise.all(looks.map(async ({ what, path }) => ({ what, path, problem: await problemOf(path) })));
  return found.flatMap(({ what, path, problem }) => (problem === undefined ? [] : [`${what} cannot be written to ${path}: ${problem}`]));
}

function logFiles({ ships, bays, mothership }: Manifest): Wanted[] {
  const started = [...mothership.prelaunch, ...[...ships, ...bays].filter(({ disabled }) => !disabled)];
  const wanted = started.flatMap(({ kind, name, log }) =>
    log.file ? [{ what: `the log of ${kind} "${name}"`, path: log.file.path }] : [],
  );
  const to = mothership.accessLog?.to;
  return to?.kind === "file" ? [{ what: "the access log", path: to.path }, ...wanted] : wanted;
}

async function problemOf(path: string): Promise<string | undefined> {
  const file = await lookAt(path);
  if (file?.isDirectory()) return "it is a folder; name a file in it";
  if (file?.isSocket()) return "it is a socket; name another file";
  const denied = file && (await denial(path, constants.W_OK));
  if (denied === "EROFS") return "it is on a read-only file system; name a file elsewhere";
  if (denied !== undefined) return "this user may not write it; change its owner or mode, or name another file";
  // What is no file, such as /dev/null, is not made by us either.
  return file === undefined || file.isFile() ? await folderProblem(dirname(path)) : undefined;
}

/** Files and folders are made in it, and files are renamed when they are full. */
async function folderProblem(wanted: string): Promise<string | undefined> {
  let folder = wanted;
  let found = await lookAt(folder);
  while (!found && dirname(folder) !== folder) {
    folder = dirname(folder);
    found = await lookAt(folder);
  }
  if (found && !found.isDirectory()) return `${folder} is not a folder; name a file elsewhere`;
  const denied = await denial(folder, constants.W_OK | constants.X_OK);
  if (denied === undefined) return undefined;
  if (denied === "EROFS") return `${folder} is on a read-only file system; name a file elsewhere`;
  return `this user may not make files in ${folder}; change its owner or mode, or name a file elsewhere`;
}

/** Undefined where there is nothing, or nothing that we may see: then a folder above it tells. */
async function lookAt(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

/** The system's code for why this user may not do that; undefined when it may. */
async function denial(path: string, mode: number): Promise<string | undefined> {
  return await access(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? "EACCES",
  );
}
