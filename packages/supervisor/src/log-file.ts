import { createReadStream, createWriteStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Deps } from "@mothership/kernel";
import { hasCode, messageOf } from "@mothership/kernel";
import { background } from "./background.ts";
import type { LogSink } from "./contract.ts";
import type { LogLine } from "./lines.ts";
import type { LogFileSpec } from "./spec.ts";

/** What waits to be written before the file counts as full. */
const queueBytes = 2 ** 18;
/** After a failure nothing is tried for so long, and it is told so rarely. */
const retryMs = 1_000;
const reportMs = 60_000;
/** A disk that does not answer does not hold up the end for longer. */
const closeMs = 2_000;

export interface LogFile extends LogSink {
  /** Opens the file anew: something else has renamed it. */
  reopen(): void;
  /** Writes what waits and closes the file. */
  close(): Promise<void>;
}

/**
 * Appends lines to a file, as they came, and renames it when it is full. It is opened at the first line.
 *
 * When the disk fails or is full, lines are dropped and counted; it is tried again every second and goes on by itself.
 */
export function openLogFile(spec: LogFileSpec, { clock, log }: Deps, onDropped: (count: number, reason: string) => void): LogFile {
  return new RotatingFile(spec, { clock, log }, onDropped);
}

class RotatingFile implements LogFile {
  readonly name: string;
  readonly #spec: Required<LogFileSpec>;
  readonly #deps: Deps;
  readonly #onDropped: (count: number, reason: string) => void;
  #queue: Buffer[] = [];
  #queued = 0;
  #queuedLines = 0;
  #handle: FileHandle | undefined;
  #size = 0;
  #busy = false;
  #writing: Promise<void> = Promise.resolve();
  #packing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #reopen = false;
  #closed = false;
  #retryAt = -Infinity;
  #dropped = 0;
  #reason = "";
  #reportedAt = -Infinity;

  constructor(spec: LogFileSpec, deps: Deps, onDropped: (count: number, reason: string) => void) {
    this.name = spec.path;
    this.#spec = { maxBytes: 10 * 2 ** 20, maxFiles: 5, compress: true, ...spec };
    this.#deps = deps;
    this.#onDropped = onDropped;
  }

  write({ continued }: LogLine, bytes: Buffer): boolean {
    if (this.#closed || this.#deps.clock.now() < this.#retryAt) {
      this.#drop(1);
      return true;
    }
    // The bytes are a slice of what was read and live only until this returns.
    const entry = continued ? Buffer.from(bytes) : Buffer.concat([bytes, newline]);
    this.#queue.push(entry);
    this.#queued += entry.length;
    this.#queuedLines++;
    this.#wake();
    return this.#queued < queueBytes;
  }

  onDrain(run: () => void): void {
    this.#waiting.push(run);
    this.#wake();
  }

  reopen(): void {
    this.#reopen = true;
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const end = async (): Promise<void> => {
      await this.#writing;
      await this.#packing;
      await this.#shut();
    };
    const ending = new AbortController();
    await Promise.race([end(), this.#deps.clock.sleep(closeMs, { signal: ending.signal }).catch(() => undefined)]);
    ending.abort();
    this.#report(true);
  }

  #wake(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#writing = this.#writeAll();
    background(this.#writing, this.#deps.log);
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0 || this.#reopen) {
      const [batch, lines] = [this.#queue, this.#queuedLines];
      this.#queue = [];
      this.#queued = 0;
      this.#queuedLines = 0;
      try {
        await this.#append(batch);
      } catch (error) {
        this.#reason = messageOf(error);
        this.#retryAt = this.#deps.clock.now() + retryMs;
        this.#drop(lines);
        await this.#shut();
      }
      this.#tellRoom();
    }
    this.#busy = false;
    this.#tellRoom();
  }

  #tellRoom(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  async #append(batch: readonly Buffer[]): Promise<void> {
    if (this.#reopen) {
      this.#reopen = false;
      await this.#shut();
    }
    if (batch.length === 0) return;
    if (this.#handle && this.#size >= this.#spec.maxBytes) await this.#rotate();
    const handle = this.#handle ?? (await this.#open());
    if (this.#size >= this.#spec.maxBytes) {
      await this.#rotate();
      return this.#append(batch);
    }
    const bytes = Buffer.concat(batch);
    await handle.appendFile(bytes);
    this.#size += bytes.length;
    this.#report(false);
  }

  async #open(): Promise<FileHandle> {
    await makeFolder(dirname(this.#spec.path));
    // Output may hold what is not for everybody.
    this.#handle = await open(this.#spec.path, "a", 0o640);
    this.#size = (await this.#handle.stat()).size;
    return this.#handle;
  }

  async #shut(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch((error: unknown) => this.#deps.log.warn("a log file could not be closed", { reason: messageOf(error) }));
  }

  /** Renamed, never copied: no line can fall between copying and truncating. */
  async #rotate(): Promise<void> {
    const { path, maxFiles, compress } = this.#spec;
    await this.#packing;
    await this.#shut();
    for (let index = maxFiles; index >= 1; index--)
      for (const ending of ["", ".gz"]) {
        if (index === maxFiles) await rm(`${path}.${index}${ending}`, { force: true });
        else await renameIfThere(`${path}.${index}${ending}`, `${path}.${index + 1}${ending}`);
      }
    if (maxFiles === 0) await rm(path, { force: true });
    else await renameIfThere(path, `${path}.1`);
    if (!compress || maxFiles === 0) return;
    this.#packing = pack(`${path}.1`).catch((error: unknown) =>
      this.#deps.log.warn("a log file could not be compressed", { path, reason: messageOf(error) }),
    );
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#report(false);
  }

  #report(last: boolean): void {
    const now = this.#deps.clock.now();
    if (this.#dropped === 0 || (!last && now - this.#reportedAt < reportMs)) return;
    this.#reportedAt = now;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#onDropped(count, this.#reason);
  }
}

const newline = Buffer.from("\n");

/** Node's own recursive form never returns where a parent cannot be made although its own parent is there, as below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "ENOENT") || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

async function pack(path: string): Promise<void> {
  const unfinished = `${path}.gz.unfinished`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640 }));
  await rename(unfinished, `${path}.gz`);
  await rm(path);
}
