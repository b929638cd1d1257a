import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@mothership/kernel";

/**
 * Makes a folder for this user alone, and what it lies in, unless it is there. Node's own recursive form never returns where a parent cannot
 * be made although its own parent is there, as below /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "ENOENT") || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 }).catch((late: unknown) => {
      // Another bay of the same fleet was faster.
      if (!hasCode(late, "EEXIST")) throw late;
    });
  }
}
