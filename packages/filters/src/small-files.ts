import type { Clock } from "@mothership/kernel";
import type { Found, OpenFile } from "./open-file.ts";
import { RecentMap } from "./recent-map.ts";

/** How long a file is served from memory: so long a change of it may stay unseen. */
const freshMs = 1_000;
/** Longest file that is kept, in bytes. */
export const maxSmallBytes = 65_536;
/** Files kept. */
const maxFiles = 1_024;
/** Memory for them, in bytes. */
const maxBytes = 16_777_216;
/** What a kept file costs beside its bytes and its name. */
const overheadBytes = 256;

/** A file that was read whole, as it was at the last look. Its bytes are shared: whoever hands them on copies them. */
export interface KeptFile {
  readonly kind: "file";
  readonly handle: undefined;
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly mtimeMs: number;
}

interface Kept {
  readonly file: KeptFile;
  readonly at: number;
}

/**
 * Files of a root, the small ones from memory for up to a second. After that they are opened and read anew, with every check that `Root` makes;
 * so no state of a file is asked for in a second way that could be fooled, and a busy file costs the disk one look a second.
 */
export class SmallFiles {
  readonly #open: (path: string) => Promise<Found>;
  readonly #clock: Clock;
  readonly #kept = new RecentMap<Kept>(maxFiles, maxBytes);
  readonly #loading = new Map<string, Promise<Found | KeptFile>>();

  /** `open` as `Root.open`. */
  constructor(open: (path: string) => Promise<Found>, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Opens `path` like `Root.open`, or has it already. Whoever gets a handle closes it. */
  open(path: string): KeptFile | Promise<Found | KeptFile> {
    const kept = this.#kept.get(path);
    if (kept && this.#clock.now() - kept.at < freshMs) return kept.file;
    // Many ask at the moment when a busy file is too old: one looks for all. What cannot be shared, each opens for itself.
    const loading = this.#loading.get(path);
    if (loading) return loading.then(async (found) => (found.kind === "file" && found.handle ? await this.#open(path) : found));
    const load = this.#load(path).finally(() => this.#loading.delete(path));
    this.#loading.set(path, load);
    return load;
  }

  async #load(path: string): Promise<Found | KeptFile> {
    const at = this.#clock.now();
    const found = await this.#open(path);
    const file = found.kind === "file" && found.size <= maxSmallBytes ? await readWhole(found) : undefined;
    if (!file) {
      this.#kept.delete(path);
      return found;
    }
    this.#kept.set(path, { file, at }, file.size + 2 * path.length + overheadBytes);
    return file;
  }
}

/** Reads and closes a file; undefined, and it stays open, when it changes meanwhile: validators and bytes that are kept must belong together. */
async function readWhole(file: OpenFile): Promise<KeptFile | undefined> {
  const { handle, size, mtimeMs } = file;
  try {
    const bytes = Buffer.allocUnsafeSlow(size);
    let read = 0;
    for (let got = -1; read < size && got !== 0; read += got) got = (await handle.read(bytes, read, size - read, read)).bytesRead;
    const after = await handle.stat();
    if (read < size || after.size !== size || after.mtimeMs !== mtimeMs) return undefined;
    await handle.close();
    return { kind: "file", handle: undefined, bytes, size, mtimeMs };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
