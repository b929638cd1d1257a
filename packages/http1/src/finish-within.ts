import type { AbortOptions, Clock } from "@mothership/kernel";

/** Waits for `done`; calls `force` when the signal fires or `ms` have passed first. */
export async function finishWithin(
  done: Promise<void>,
  ms: number,
  clock: Clock,
  force: () => void,
  { signal }: AbortOptions,
): Promise<void> {
  if (signal?.aborted) force();
  signal?.addEventListener("abort", force, { once: true });
  using _ = clock.timer(ms, force);
  await done;
  signal?.removeEventListener("abort", force);
}
