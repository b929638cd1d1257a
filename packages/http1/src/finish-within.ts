import type { AbortOptions, Clock } from "@mothership/kernel";

/** Waits for `done`; calls `force` when the signal fires first. Without a signal: when `ms` have passed. */
export async function finishWithin(
  done: Promise<void>,
  ms: number,
  clock: Clock,
  force: () => void,
  { signal }: AbortOptions,
): Promise<void> {
  if (!signal) {
    using _ = clock.timer(ms, force);
    await done;
    return;
  }
  if (signal.aborted) force();
  signal.addEventListener("abort", force, { once: true });
  await done;
  signal.removeEventListener("abort", force);
}
