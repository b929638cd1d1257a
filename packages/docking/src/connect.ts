import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type AbortOptions, type Deps, hasCode } from "@mothership/kernel";
import { BayUnreachableError } from "./errors.ts";

/** Longest wait between two tries. */
const maxWaitMs = 250;
/** What a bay that has not started to listen looks like: no socket, nobody behind it, not yet a socket, or too many callers at once. */
const notYet = ["ENOENT", "ECONNREFUSED", "ENOTSOCK", "EAGAIN"];

/**
 * Connects to a bay's socket, however long the bay takes to create it.
 *
 * @throws {BayUnreachableError} for an error that waiting does not mend (no permission); the signal's reason when it fires.
 */
export async function connectToBay(bay: string, path: string, { clock }: Deps, { signal }: AbortOptions = {}): Promise<Socket> {
  for (let waitMs = 10; ; waitMs = Math.min(maxWaitMs, waitMs * 2)) {
    signal?.throwIfAborted();
    const socket = connect(path);
    try {
      await once(socket, "connect", { signal });
      return socket;
    } catch (error) {
      socket.destroy();
      signal?.throwIfAborted();
      if (!notYet.some((code) => hasCode(error, code))) throw new BayUnreachableError(bay, path, { cause: error });
    }
    await clock.sleep(waitMs, { signal });
  }
}
