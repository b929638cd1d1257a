import { closeSync, openSync, readSync, statSync } from "node:fs";
import { glob, readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { hasCode, messageOf } from "@mothership/kernel";
import { UsageError } from "../../errors.ts";
import { detectFormat, type ImportFormat, importFormats } from "./detect.ts";
import { importPm2 } from "./import-pm2.ts";
import { importProcfile } from "./import-procfile.ts";
import type { ImportContext, Imported } from "./import-source.ts";
import { importSupervisord, includesOf, type SupervisordFile } from "./import-supervisord.ts";
import { type Literal, readLiteral } from "./js-literal.ts";
import { literalOf } from "./literal-of.ts";
import type { ScriptKind } from "./pm2-command.ts";
import { procfileSettings } from "./procfile-settings.ts";

/** What is asked for. */
export interface ImportRequest {
  readonly path: string;
  /** Absent: found out from name and content. */
  readonly format?: ImportFormat | undefined;
  /** Folder of the manifest that will be written. */
  readonly target: string;
  /** pm2: take what stands in `env_NAME`. */
  readonly environment?: string | undefined;
  /** pm2: a file that computes something may be run. */
  readonly allowCode: boolean;
}

const mostBytes = 1024 * 1024;
const mostIncludes = 256;

/**
 * Reads a file of another tool and those that belong to it. Nothing is run unless `allowCode` says so, and nothing is written.
 *
 * @throws {UsageError} for a file that cannot be read or belongs to no tool that is known.
 */
export async function importFile(request: ImportRequest): Promise<{ readonly format: ImportFormat; readonly imported: Imported }> {
  const { path, target } = request;
  const text = await textOf(path);
  const file = basename(path);
  const format = request.format ?? detectFormat(file, text);
  if (format === undefined)
    throw new UsageError(`${path} belongs to no tool that is known here; say which with --from ${importFormats.join("|")}`);
  const folder = dirname(path);
  const home = relative(resolve(target), resolve(folder)).replaceAll(sep, "/") || ".";
  const place = (one: string): string => (posix.isAbsolute(one) || home === "." ? one : posix.join(home, one));
  const context: ImportContext = { file, place };
  switch (format) {
    case "procfile":
      return { format, imported: await fromProcfile(text, folder, context) };
    case "supervisord":
      return { format, imported: await fromSupervisord(text, path, context) };
    case "pm2": {
      const kindOf = (script: string): ScriptKind => kindOfFile(isAbsolute(script) ? script : join(folder, script));
      return {
        format,
        imported: importPm2(await pm2Value(text, request), { ...context, here: resolve(folder), kindOf, environment: request.environment }),
      };
    }
  }
}

async function fromProcfile(text: string, folder: string, context: ImportContext): Promise<Imported> {
  const beside = async (file: string) => {
    const found = await textIfThere(join(folder, file));
    return found === undefined ? undefined : { file, text: found };
  };
  const [env, foreman, overmind] = await Promise.all([beside(".env"), beside(".foreman"), beside(".overmind.env")]);
  const settings = procfileSettings({ env: env?.text, foreman, overmind });
  return importProcfile(text, { ...context, settings, envFile: env && { path: env.file, text: env.text } });
}

async function fromSupervisord(text: string, path: string, context: ImportContext): Promise<Imported> {
  const here = resolve(dirname(path));
  const files: SupervisordFile[] = [{ file: context.file, text, here }];
  const missing: string[] = [];
  for (const pattern of includesOf(text, context.file, here)) {
    const found: string[] = [];
    for await (const one of glob(resolve(here, pattern))) {
      if (files.length + found.length > mostIncludes) throw new UsageError(`${path} includes more than ${mostIncludes} files`);
      found.push(one);
    }
    if (found.length === 0) missing.push(pattern);
    for (const one of found.sort()) files.push({ file: relative(here, one) || one, text: await textOf(one), here: dirname(one) });
  }
  const imported = importSupervisord(files, context);
  const notes = missing.map((pattern) => ({
    file: context.file,
    what: `nothing was found to include for ${pattern}`,
    advice: "import on the machine where these files are",
  }));
  return { ...imported, notes: [...notes, ...imported.notes] };
}

async function pm2Value(text: string, { path, allowCode }: ImportRequest): Promise<Literal> {
  const yaml = /\.ya?ml$/i.test(path);
  const read = yaml ? (await import("./read-yaml.ts")).readYaml(text) : readLiteral(text);
  if (!("problem" in read)) return read;
  const where = `${path}:${read.line}`;
  if (yaml || /\.json5?$/i.test(path)) throw new UsageError(`${where} cannot be read: it ${read.problem}`);
  if (!allowCode)
    throw new UsageError(
      `${where} ${read.problem}; such a file has to be run to know what it exports: if you trust it, add --allow-code, else write what it exports as JSON and import that`,
    );
  const value = await (await import("./evaluate.ts")).evaluate(resolve(path));
  // What was computed stands in no line.
  return literalOf(value, () => undefined);
}

async function textOf(path: string): Promise<string> {
  const text = await textIfThere(path);
  if (text === undefined) throw new UsageError(`${path} does not exist`);
  return text;
}

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    // A device or a pipe would never end; a large file is none of these tools.
    const { size } = await stat(path).then((found) => (found.isFile() ? found : Promise.reject(new UsageError(`${path} is no file`))));
    if (size > mostBytes) throw new UsageError(`${path} is larger than ${mostBytes / 1024} KiB`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error instanceof UsageError ? error : new UsageError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** pm2 runs text with Node and everything else by itself; as it does, a zero byte near the beginning tells. */
function kindOfFile(path: string): ScriptKind {
  try {
    // Node runs a folder by its index.
    if (statSync(path).isDirectory()) return "text";
    const file = openSync(path, "r");
    try {
      const start = Buffer.alloc(512);
      const length = readSync(file, start, 0, start.length, 0);
      return start.subarray(0, length).includes(0) ? "binary" : "text";
    } finally {
      closeSync(file);
    }
  } catch {
    // Nothing, or nothing that could be looked at.
    return "missing";
  }
}
