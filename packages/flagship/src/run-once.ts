import { type AbortOptions, messageOf } from "@mothership/kernel";
import type { Coordinator, Role } from "./coordinator.ts";

/**
 * Does `work` on one of the servers that take part, and resolves on each of them once it is done, with the role that the
 * server had in the end. Rejects on all when the work fails, on the flagship with the work's own error.
 *
 * The signal given to `work` fires with the outer one and when the office is lost; `work` settles only when everything it
 * started has stopped.
 */
export async function runOnce(
  work: (options: { readonly signal: AbortSignal }) => Promise<void>,
  coordinator: Coordinator,
  { signal }: AbortOptions = {},
): Promise<Role> {
  await using tenure = await coordinator.elect({ signal });
  if (tenure.role === "escort" && (await tenure.waitUntilReady({ signal })) === "ready") return "escort";
  const stop = signal ? AbortSignal.any([signal, tenure.signal]) : tenure.signal;
  try {
    await work({ signal: stop });
    stop.throwIfAborted();
  } catch (error) {
    await tenure.announceAbort(messageOf(error));
    tenure.signal.throwIfAborted();
    throw error;
  }
  await tenure.announceReady();
  return "flagship";
}
