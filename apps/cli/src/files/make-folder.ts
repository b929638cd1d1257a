import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@mothership/kernel";

/**
 * Makes a folder with its parents, where it is not there yet. Node's own recursive form never returns where a parent cannot be made although
 * its own parent is there, as below /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "ENOENT") || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}
