import type { AbortOptions } from "./abort.ts";

/** The only source of time. Tests hold it still; the system clock is `systemClock`. */
export interface Clock {
  /** Milliseconds from an arbitrary origin; never goes back. For durations. */
  now(): number;
  /** Milliseconds since the Unix epoch; may jump. Only for stamps that people or files see. */
  wallTime(): number;
  /** Calls `run` once when `ms` have passed. Disposing the result before that cancels it; disposing twice is harmless. */
  timer(ms: number, run: () => void): Disposable;
  /** Resolves when `ms` have passed; rejects with the signal's reason when it fires first. */
  sleep(ms: number, options?: AbortOptions): Promise<void>;
}

/** Node cannot hold a timer beyond 2^31-1 ms and fires at once instead; longer waits are cut to this (24.8 days). */
const longestTimerMs = 2 ** 31 - 1;

function timer(ms: number, run: () => void): Disposable {
  const handle = setTimeout(run, Math.min(ms, longestTimerMs));
  return { [Symbol.dispose]: () => clearTimeout(handle) };
}

/** Waits on any clock; what `Clock.sleep` of every implementation comes down to. */
export function sleepOn(clock: Pick<Clock, "timer">, ms: number, { signal }: AbortOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      running[Symbol.dispose]();
      reject(signal?.reason);
    };
    const running = clock.timer(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  timer,
  sleep: (ms, options) => sleepOn({ timer }, ms, options),
};
