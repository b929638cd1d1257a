import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@mothership/kernel";

/** A sample is due so often, and a delay shorter than that is a matter of luck to see. */
const resolutionMs = 20;
/** A window is at least so long: what several scrapers read within it is the same. */
const windowMs = 5_000;
const quantiles = { "0.5": 50, "0.9": 90, "0.99": 99, "1": 100 } as const;

/** Watches how late the event loop is. Costs a timer outside of JavaScript until it is disposed. */
export interface EventLoopWatch extends Disposable {
  /** Milliseconds by quantile in the last whole window; undefined before there is one. */
  read(): Readonly<Record<string, number>> | undefined;
}

/** Begins to watch. The one measure of time that no `Clock` gives: it is about the machine. */
export function watchEventLoop(clock: Clock): EventLoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let since = clock.now();
  let last: Readonly<Record<string, number>> | undefined;
  return {
    read() {
      // Without a sample the histogram answers with numbers that mean nothing.
      if (histogram.count > 0 && (last === undefined || clock.now() - since >= windowMs)) {
        last = Object.fromEntries(
          // The histogram has the time between two samples; what is beyond the time planned is the delay.
          Object.entries(quantiles).map(([name, percent]) => [name, Math.max(0, histogram.percentile(percent) / 1e6 - resolutionMs)]),
        );
        histogram.reset();
        since = clock.now();
      }
      return last;
    },
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
