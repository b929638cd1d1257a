import type { Logger } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";

/** For work that nobody waits for and that does not fail by design: should it fail all the same, that is told and the program goes on. */
export function background(work: Promise<unknown>, log: Logger): void {
  work.catch((error: unknown) => log.error("something failed that nobody waits for", { reason: messageOf(error) }));
}
