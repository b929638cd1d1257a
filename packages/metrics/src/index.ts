export type { ExpositionFormat } from "./accept.ts";
export { MetricsAddressError } from "./errors.ts";
export type { Exposition } from "./exposition.ts";
export type { BayFigures, BreakerState, HeldOutcome, ModuleFigures, ShipFigures, UpstreamFigures } from "./figures.ts";
export { createMetrics, type FleetMetrics, type MetricsSpec } from "./metrics.ts";
export { noMetrics } from "./no-metrics.ts";
export { type Health, type MetricsServer, type MetricsServerSpec, serveMetrics } from "./serve.ts";
export type { Tally, TallySource, ThreadFigures } from "./tally.ts";
