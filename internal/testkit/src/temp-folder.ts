import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An empty folder that is gone, with all in it, when the scope ends. Its path is short enough for Unix sockets. */
export function tempFolder(): Disposable & { readonly path: string; join(...parts: string[]): string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "ms-")));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
