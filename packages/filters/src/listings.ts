import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, hasCode } from "@mothership/kernel";

/** How old a listing may be: so long a new file may stay unseen. */
const freshMs = 1000;
/** Directories remembered; the one that was read longest ago goes first. */
const maxDirectories = 512;
/** A directory with more names is not remembered, and every question about it goes to the disk. */
const maxNames = 4096;

interface Listing {
  readonly at: number;
  /** undefined: anything may be in there. */
  readonly names: ReadonlySet<string> | undefined;
}

/**
 * Which paths can exist below a directory, as of at most a second ago. Most requests at a site with an application behind its files
 * ask for no file; this answers them without a system call.
 *
 * Only directories that exist are ever read, so that made-up paths cost one look at memory and leave nothing in it.
 */
export class Listings {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #known = new Map<string, Listing>();
  readonly #loading = new Map<string, Promise<Listing>>();

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /** False when `path` (see `filePath`) did not exist at the last look; true when it may. A promise when somebody has to look. */
  mayHold(path: string): boolean | Promise<boolean> {
    return this.#walk(path, 0, undefined);
  }

  /** Goes on from the name at `start`, whose folder was `read` just now, whatever time it is since. */
  #walk(path: string, start: number, read: Listing | undefined): boolean | Promise<boolean> {
    for (let at = start, given = read; ; given = undefined) {
      const folder = at === 0 ? "" : path.slice(0, at - 1);
      const listing = given ?? this.#fresh(folder);
      if (!listing) return this.#load(folder).then((loaded) => this.#walk(path, at, loaded));
      const slash = path.indexOf("/", at);
      const name = path.slice(at, slash === -1 ? undefined : slash);
      if (listing.names && !listing.names.has(name)) return false;
      if (slash === -1) return true;
      at = slash + 1;
    }
  }

  #fresh(folder: string): Listing | undefined {
    const listing = this.#known.get(folder);
    return listing && this.#clock.now() - listing.at < freshMs ? listing : undefined;
  }

  #load(folder: string): Promise<Listing> {
    let loading = this.#loading.get(folder);
    if (!loading) {
      loading = this.#read(folder).finally(() => this.#loading.delete(folder));
      this.#loading.set(folder, loading);
    }
    return loading;
  }

  async #read(folder: string): Promise<Listing> {
    const at = this.#clock.now();
    const listing = { at, names: await namesIn(join(this.#root, folder)) };
    this.#known.delete(folder);
    this.#known.set(folder, listing);
    if (this.#known.size > maxDirectories) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return listing;
  }
}

async function namesIn(directory: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const names = await readdir(directory);
    return names.length > maxNames ? undefined : new Set(names);
  } catch (error) {
    // What cannot be listed may still have files that can be opened; what is not there, or no directory, has none.
    return hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") ? new Set() : undefined;
  }
}
