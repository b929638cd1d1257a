/** What is known of one ship or bay process. Counters are totals since its supervisor began. */
export interface ShipFigures {
  readonly name: string;
  readonly group: string;
  /** A bay's process counts as a ship everywhere but in the number of ships. */
  readonly kind: "ship" | "bay";
  /** Its process runs. */
  readonly up: boolean;
  /** It may be given work. */
  readonly healthy: boolean;
  readonly restarts: number;
  readonly crashLoop: boolean;
  readonly droppedLines: number;
  /** Absent while it does not run, or where it cannot be measured. */
  readonly memory?: { readonly rssBytes: number; readonly virtualBytes: number } | undefined;
}

/** What is known of one bay's link. Counters are totals since it was opened. */
export interface BayFigures {
  readonly name: string;
  readonly group: string;
  readonly clients: number;
  readonly boardings: number;
  readonly reboardings: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly queuedForBay: number;
  readonly queuedForClients: number;
}

/** What is known of one module. Counters are totals since it was loaded. */
export interface ModuleFigures {
  readonly name: string;
  readonly calls: number;
  readonly blocks: number;
  /** By kind of failure. */
  readonly failures: Readonly<Record<string, number>>;
  readonly totalMs: number;
}

export type BreakerState = "closed" | "open" | "half-open";

/** What is known of one upstream. */
export interface UpstreamFigures {
  readonly name: string;
  /** Absent where it has none. */
  readonly breaker?: BreakerState | undefined;
  /** Requests that wait while it is restarted. Default 0. */
  readonly held?: number | undefined;
}

/** What became of a request that came while its upstream was restarted. */
export type HeldOutcome = "released" | "timeout" | "full" | "unavailable" | "left";
