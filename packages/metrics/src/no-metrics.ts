import type { FleetMetrics } from "./metrics.ts";

const nothing = (): void => undefined;

/** Counts nothing and costs nothing: for a fleet that serves no metrics. Its middleware is not there. */
export const noMetrics: FleetMetrics = {
  middleware: (next) => next,
  setRoutes: nothing,
  setShips: nothing,
  setBays: nothing,
  setModules: nothing,
  setUpstreams: nothing,
  probed: nothing,
  upstreamFailed: nothing,
  requestHeld: nothing,
  requestLimited: nothing,
  preflight: nothing,
  requestRefused: nothing,
  connectionRefused: nothing,
  shieldMatched: nothing,
  compressionSaturated: nothing,
  accessLinesDropped: nothing,
  setEventLoopDelay: nothing,
  setThreads: nothing,
  take: () => ({ routes: [], counters: [], inFlight: [] }),
  source: () => ({ add: nothing, [Symbol.dispose]: nothing }),
  onScrape: () => ({ [Symbol.dispose]: nothing }),
  render: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "\n" }),
  prepare: async () => undefined,
};
