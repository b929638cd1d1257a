import { rmdirSync, rmSync } from "node:fs";
import { ensurePrivateFolder } from "@mothership/control";
import { bayAddress } from "@mothership/docking";
import type { Closable } from "@mothership/kernel";

/**
 * The folder in which bays make their sockets, for this user alone: requests with their cookies go to whoever listens there. Closing it,
 * once the bays have ended, takes away the sockets that they left, and the folder if nothing else is in it. `bays`: their names then.
 *
 * @throws {ControlSocketError} when it cannot be made, or is somebody else's.
 */
export function openBaySockets(folder: string, bays: () => readonly string[]): Closable {
  ensurePrivateFolder(folder);
  const close = async (): Promise<void> => {
    for (const bay of bays()) rmSync(bayAddress(bay, folder).path, { force: true });
    try {
      rmdirSync(folder);
    } catch {
      // Others have something in it, or it was there before us and may not be taken away: it stays.
    }
  };
  return { close, [Symbol.asyncDispose]: close };
}
