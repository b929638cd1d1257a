import type { Stats } from "node:fs";
import { lstat, unlink } from "node:fs/promises";
import type { Deps } from "@mothership/kernel";
import { deadline, hasCode, messageOf } from "@mothership/kernel";
import { connectProbe } from "./probe-connect.ts";

/** A start is not held up for longer by what an earlier run left behind. */
const lookMs = 500;

/**
 * Removes a socket file that nobody answers on: what an earlier run left behind, and on which most servers cannot listen anew.
 *
 * What is no socket itself (a file, a folder, a symbolic link) stays, and so does a socket that somebody answers on. It never rejects:
 * what goes wrong, or takes longer than half a second, is a warning. It resolves at once when the signal fires.
 */
export async function removeDeadSocket(name: string, path: string, { clock, log }: Deps, signal: AbortSignal): Promise<void> {
  using limit = deadline("looking at a socket file", lookMs, clock, signal);
  try {
    const removed = await Promise.race([remove(path, limit.signal), rejection(limit.signal)]);
    if (removed) log.info("removed a socket file that nobody answered on", { ship: name, path });
  } catch (error) {
    if (!signal.aborted)
      log.warn("a socket file that was there before could not be removed", { ship: name, path, reason: messageOf(error) });
  }
}

async function remove(path: string, signal: AbortSignal): Promise<boolean> {
  const found = await socketAt(path);
  if (!found || (await answers(path, signal))) return false;
  // Somebody may have put another in its place meanwhile.
  const now = await socketAt(path);
  if (now?.ino !== found.ino || now.dev !== found.dev || signal.aborted) return false;
  await unlink(path);
  return true;
}

async function socketAt(path: string): Promise<Stats | undefined> {
  try {
    const found = await lstat(path);
    return found.isSocket() ? found : undefined;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** False only when the system says that nobody listens. */
async function answers(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await connectProbe({ kind: "unix", path })({ signal });
    return true;
  } catch (error) {
    if (hasCode(error, "ECONNREFUSED")) return false;
    throw error;
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
