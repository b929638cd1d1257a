import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { AbortOptions } from "@mothership/kernel";
import { ManifestError } from "./errors.ts";
import { limits } from "./limits.ts";
import { openProblem } from "./open-problem.ts";
import { type ManifestOptions, parseManifest } from "./parse.ts";
import type { Manifest } from "./types.ts";

/**
 * Reads a manifest from a file. Relative paths in it start from its folder.
 *
 * @throws {ManifestError} for a file that cannot be read as well as for mistakes in it; the signal's reason when that fires first.
 */
export async function loadManifest(path: string, options: ManifestOptions & AbortOptions = {}): Promise<Manifest> {
  const { signal, ...rest } = options;
  const text = textOf(await readLimited(path, signal), path);
  return parseManifest(text, { ...rest, file: path, folder: dirname(resolve(path)) });
}

const tooLarge = `is larger than a manifest may be (${limits.fileBytes / 1024 ** 2} MiB)`;

async function readLimited(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  signal?.throwIfAborted();
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory()) throw unreadable(path, "is a folder, not a manifest", "name the file in it");
    if (!stat.isFile()) throw unreadable(path, "is not a regular file");
    if (stat.size > limits.fileBytes) throw unreadable(path, tooLarge);
    // One byte more than the limit, whatever size was said: the file may be growing.
    const buffer = Buffer.allocUnsafe(limits.fileBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > limits.fileBytes) throw unreadable(path, tooLarge);
    return buffer.subarray(0, length);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ManifestError) throw error;
    throw unreadable(path, ...openProblem(error), { cause: error });
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
