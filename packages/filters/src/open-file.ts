import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { hasCode } from "@mothership/kernel";

/** A regular file, open for reading. Whoever has it closes the handle. */
export interface OpenFile {
  readonly kind: "file";
  readonly handle: FileHandle;
  readonly size: number;
  readonly mtimeMs: number;
}

/** What was found under a root. */
export type Found =
  | OpenFile
  | { readonly kind: "folder" }
  /** There is something, but not for readers; `reason` is for the log. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "nothing" };

/** A directory whose files are opened, and nothing outside of it whatever symbolic links say. */
export class Root {
  readonly #path: string;
  #real: string | undefined;

  /** `path` is absolute. It need not exist yet, and may be replaced while it is served. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Opens `path`, which must be safe to join (see `filePath`). Rejects only for errors of the machine. */
  async open(path: string): Promise<Found> {
    let handle: FileHandle | undefined;
    try {
      const real = await realpath(join(this.#path, path));
      if (!(await this.#holds(real))) return { kind: "refused", reason: "a symbolic link leads out of the directory" };
      // Not following a link that has taken the file's place since, and not waiting for the writer of a pipe.
      handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const [stats, named] = await Promise.all([handle.stat(), lstat(real)]);
      if (stats.isDirectory()) return { kind: "folder" };
      if (!stats.isFile()) return { kind: "refused", reason: "it is not a regular file" };
      // A folder on the way may have become a link between the two calls. Then what was opened is not what stands inside.
      if (stats.ino !== named.ino || stats.dev !== named.dev) return { kind: "refused", reason: "it was replaced while it was opened" };
      const found: OpenFile = { kind: "file", handle, size: stats.size, mtimeMs: stats.mtimeMs };
      handle = undefined;
      return found;
    } catch (error) {
      return outcomeOf(error);
    } finally {
      await handle?.close();
    }
  }

  async #holds(real: string): Promise<boolean> {
    if (this.#real !== undefined && isInside(this.#real, real)) return true;
    // The root itself may be a link that a deployment has moved.
    this.#real = await realpath(this.#path);
    return isInside(this.#real, real);
  }
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function outcomeOf(error: unknown): Found {
  if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EINVAL"].some((code) => hasCode(error, code))) return { kind: "nothing" };
  if (hasCode(error, "EACCES") || hasCode(error, "EPERM")) return { kind: "refused", reason: "this user may not read it" };
  if (hasCode(error, "ELOOP")) return { kind: "refused", reason: "symbolic links lead in a circle" };
  // A socket cannot be opened, a device may have no driver.
  if (hasCode(error, "ENXIO") || hasCode(error, "ENODEV")) return { kind: "refused", reason: "it is not a regular file" };
  throw error;
}
