import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { AbortOptions } from "@mothership/kernel";
import { ManifestError } from "./errors.ts";
import { limits } from "./limits.ts";
import { type EnvFile, filesNamed, type NamedFiles, readEnvFile } from "./named-files.ts";
import { openProblem } from "./open-problem.ts";
import { completeManifest, type ManifestOptions, readText } from "./parse.ts";
import type { Manifest } from "./types.ts";

/**
 * Reads a manifest from a file, and the env files that it names. Relative paths in it start from its folder.
 *
 * @throws {ManifestError} for a file that cannot be read as well as for mistakes in it; the signal's reason when that fires first.
 */
export async function loadManifest(path: string, options: ManifestOptions & AbortOptions = {}): Promise<Manifest> {
  const { signal, ...rest } = options;
  const folder = dirname(resolve(path));
  const parseOptions = { ...rest, file: path, folder };
  const read = readText(textOf(await readManifestFile(path, signal), path), parseOptions);
  return completeManifest(read, await readNamedFiles(filesNamed(read.raw, folder), signal), parseOptions);
}

async function readNamedFiles({ envFiles, programs }: ReturnType<typeof filesNamed>, signal: AbortSignal | undefined): Promise<NamedFiles> {
  const found = new Map<string, EnvFile>();
  for (const [index, path] of envFiles.entries())
    found.set(
      path,
      index < limits.envFilesInAll ? await loadEnvFile(path, signal) : { problem: `is one of more than ${limits.envFilesInAll}` },
    );
  const existing = new Set<string>();
  for (const path of programs) if (await isFile(path)) existing.add(path);
  signal?.throwIfAborted();
  return { envFiles: found, programs: existing };
}

async function loadEnvFile(path: string, signal: AbortSignal | undefined): Promise<EnvFile> {
  try {
    const bytes = await readLimited(path, { what: "an env file", maxBytes: limits.envFileBytes }, signal);
    if (bytes.includes(0) || !isUtf8(bytes)) return { problem: "is not UTF-8 text" };
    return readEnvFile(new TextDecoder().decode(bytes));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnfitError) return { problem: error.message, hint: error.hint };
    const [problem] = openProblem(error);
    return { problem, hint: `looked for ${path}` };
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // the answer, not an error
  }
}

/** What stands at a path is nothing that could be read; the message is the end of a sentence about it. */
class UnfitError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

async function readManifestFile(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await readLimited(path, { what: "a manifest", maxBytes: limits.fileBytes }, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UnfitError) throw unreadable(path, error.message, error.hint);
    throw unreadable(path, ...openProblem(error), { cause: error });
  }
}

interface Readable {
  readonly what: string;
  readonly maxBytes: number;
}

async function readLimited(path: string, { what, maxBytes }: Readable, signal: AbortSignal | undefined): Promise<Buffer> {
  signal?.throwIfAborted();
  let file: FileHandle | undefined;
  const tooLarge = `is larger than ${what} may be (${maxBytes / 2 ** 20} MiB)`;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory()) throw new UnfitError(`is a folder, not ${what}`, "name the file in it");
    if (!stat.isFile()) throw new UnfitError("is not a regular file");
    if (stat.size > maxBytes) throw new UnfitError(tooLarge);
    // One byte more than the limit, whatever size was said: the file may be growing.
    const buffer = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxBytes) throw new UnfitError(tooLarge);
    return buffer.subarray(0, length);
  } finally {
    await file?.close();
  }
}

function unreadable(path: string, reason: string, hint?: string, options?: ErrorOptions): ManifestError {
  return new ManifestError([{ file: path, path: "", message: `the manifest ${reason}`, ...(hint !== undefined && { hint }) }], 1, options);
}

function textOf(bytes: Buffer, path: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw unreadable(path, "is not UTF-8 text", "it looks like UTF-16; save it as UTF-8");
  if (bytes.includes(0)) throw unreadable(path, "is not text: it holds a NUL byte");
  if (!isUtf8(bytes)) throw unreadable(path, `is not UTF-8 text: see line ${firstBadLine(bytes)}`);
  // A byte order mark is taken off.
  return new TextDecoder().decode(bytes);
}

function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
