/** Where in a directory a request path points. */
export interface FilePath {
  /** Names joined with "/", without one at either end; "" for the directory itself. Safe to join to a root. */
  readonly path: string;
  /** The request path ended with a slash: a folder is meant. */
  readonly folder: boolean;
}

/** True when `path` lies under `prefix`, which ends at a segment: `/static` covers `/static` and `/static/x`, not `/statics`. */
export function covers(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f;
}

/**
 * The file that `path` names in the directory served under `prefix`, or undefined when it can name none.
 *
 * Escapes are decoded once. A name that would then mean something else to the file system is refused: a separator, a NUL, a dot
 * segment, bytes that are no UTF-8. So are names that begin with a dot, unless `dotfiles` is set: they hold what is not meant for readers (`.git`, `.env`).
 */
export function filePath(path: string, prefix: string, dotfiles: boolean): FilePath | undefined {
  const rest = path.slice(prefix.endsWith("/") ? prefix.length : prefix.length + 1);
  const names: string[] = [];
  const segments = rest === "" ? [] : rest.split("/");
  const folder = path.endsWith("/");
  if (folder && segments.length > 0) segments.pop();
  for (const segment of segments) {
    const name = decode(segment);
    if (name === undefined || name === "" || /[/\\\0]/.test(name)) return undefined;
    if (name === "." || name === ".." || (name.startsWith(".") && !dotfiles)) return undefined;
    names.push(name);
  }
  return { path: names.join("/"), folder };
}

function decode(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // No UTF-8, or a malformed escape: no file has that name.
    return undefined;
  }
}
