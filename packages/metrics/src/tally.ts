import type { FamilyKey } from "./registry.ts";

/** What happened on the path of requests, by family; what else is counted has one place that knows it. */
export const tallied = [
  "upstreamErrors",
  "heldOutcomes",
  "limitedRequests",
  "preflightHits",
  "preflightMisses",
  "refusedRequests",
  "refusedConnections",
  "shieldMatches",
  "uncompressed",
] as const satisfies readonly FamilyKey[];

/** What one thread has counted since it was last asked: plain data that can be sent to another. */
export interface Tally {
  /** Figures of requests by label of their route, in the order that this package gives them. */
  readonly routes: readonly (readonly [route: string, figures: Float64Array])[];
  readonly counters: readonly (readonly [family: (typeof tallied)[number] | "droppedSeries", labels: readonly string[], amount: number])[];
  /** Requests that have not ended, by bind: all there are, not what changed. */
  readonly inFlight: readonly (readonly [bind: string, count: number])[];
}

/** Another thread that counts. Disposing says that it is gone, and with it the requests that it had not ended; what it has counted stays. */
export interface TallySource extends Disposable {
  add(tally: Tally): void;
}

/** The threads that serve requests. */
export interface ThreadFigures {
  readonly running: number;
  /** As many as are asked for. */
  readonly wanted: number;
  /** Threads that died and were replaced, or are about to be. */
  readonly lost: number;
}
