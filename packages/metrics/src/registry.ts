/** One family of metrics: all that is said about it anywhere. */
export interface Family {
  /** As in the text format; a counter's ends in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

const ship = ["ship", "group"] as const;
const bay = ["bay", "group"] as const;

/** Every metric name, label and help text of mothership. The first seven are the contract with users; no name here may change. */
export const families = {
  shipStatus: { name: "mothership_ship_status", type: "gauge", help: "1 while the process runs, else 0.", labels: ship },
  shipHealthy: { name: "mothership_ship_healthy", type: "gauge", help: "1 while it may be given work, else 0.", labels: ship },
  shipRestarts: {
    name: "mothership_ship_restarts_total",
    type: "counter",
    help: "Starts after the first that mothership made.",
    labels: ship,
  },
  shipRss: {
    name: "mothership_ship_memory_rss_bytes",
    type: "gauge",
    help: "Resident memory of the process and all that it started.",
    labels: ship,
  },
  shipVirtual: {
    name: "mothership_ship_memory_virtual_bytes",
    type: "gauge",
    help: "Virtual memory of the process and all that it started.",
    labels: ship,
  },
  requests: { name: "mothership_requests_total", type: "counter", help: "Requests that have ended.", labels: ["route"] },
  fleetShips: { name: "mothership_fleet_ships_total", type: "gauge", help: "Ships in the fleet.", labels: [] },

  shipCrashLoop: {
    name: "mothership_ship_crash_loop",
    type: "gauge",
    help: "1 while the process is in a crash loop, else 0.",
    labels: ship,
  },
  shipProbes: {
    name: "mothership_ship_probes_total",
    type: "counter",
    help: "Probes by check (startup, ready, live) and result (pass, fail).",
    labels: [...ship, "check", "result"],
  },
  shipDroppedLines: {
    name: "mothership_ship_log_lines_dropped_total",
    type: "counter",
    help: "Lines of output that did not reach a sink, a file or a follower.",
    labels: ship,
  },

  requestDuration: {
    name: "mothership_request_duration_seconds",
    type: "histogram",
    help: "Time from a request's head to the end of its response.",
    labels: ["route"],
  },
  responses: {
    name: "mothership_responses_total",
    type: "counter",
    help: "Ended requests by class of status (1xx to 5xx; none where no status was sent).",
    labels: ["route", "class"],
  },
  unfinished: {
    name: "mothership_requests_unfinished_total",
    type: "counter",
    help: "Requests whose response was not sent whole: client_left, or aborted by mothership.",
    labels: ["route", "end"],
  },
  requestBytes: { name: "mothership_request_bytes_total", type: "counter", help: "Bytes of request bodies received.", labels: ["route"] },
  responseBytes: { name: "mothership_response_bytes_total", type: "counter", help: "Bytes of response bodies sent.", labels: ["route"] },
  inFlight: { name: "mothership_requests_in_flight", type: "gauge", help: "Requests that have not ended.", labels: ["bind"] },
  refusedRequests: {
    name: "mothership_requests_refused_total",
    type: "counter",
    help: "Requests that were refused on the wire, by the code of the rule.",
    labels: ["bind", "code"],
  },
  refusedConnections: {
    name: "mothership_connections_refused_total",
    type: "counter",
    help: "Connections that were closed unanswered: over the limit, or with a wrong PROXY header.",
    labels: ["bind", "reason"],
  },
  limitedRequests: {
    name: "mothership_requests_limited_total",
    type: "counter",
    help: "Requests that were answered 429, by the limit that was reached.",
    labels: ["scope"],
  },
  preflightHits: {
    name: "mothership_preflight_cache_hits_total",
    type: "counter",
    help: "CORS preflights that were answered from the cache.",
    labels: [],
  },
  preflightMisses: {
    name: "mothership_preflight_cache_misses_total",
    type: "counter",
    help: "CORS preflights that were forwarded.",
    labels: [],
  },
  shieldMatches: {
    name: "mothership_shield_matches_total",
    type: "counter",
    help: "Requests that a shield rule matched.",
    labels: ["rule", "action"],
  },
  uncompressed: {
    name: "mothership_compression_saturated_total",
    type: "counter",
    help: "Responses that went out plain because as many as may be were compressed already.",
    labels: [],
  },
  accessLinesDropped: {
    name: "mothership_access_log_dropped_lines_total",
    type: "counter",
    help: "Lines of the access log that could not be written as fast as they came.",
    labels: [],
  },
  upstreamErrors: {
    name: "mothership_upstream_errors_total",
    type: "counter",
    help: "Requests that an upstream did not answer, by reason.",
    labels: ["upstream", "reason"],
  },
  held: {
    name: "mothership_upstream_requests_held",
    type: "gauge",
    help: "Requests that wait while their upstream is restarted.",
    labels: ["upstream"],
  },
  heldOutcomes: {
    name: "mothership_upstream_hold_outcomes_total",
    type: "counter",
    help: "Requests that came while their upstream was restarted: released (sent), timeout, full, unavailable (503), or left.",
    labels: ["upstream", "outcome"],
  },
  breaker: {
    name: "mothership_upstream_breaker_state",
    type: "gauge",
    help: "1 for the state that the circuit breaker is in, 0 for the others.",
    labels: ["upstream", "state"],
  },

  bayClients: { name: "mothership_bay_clients", type: "gauge", help: "Clients of a bay, connected or on their way.", labels: bay },
  bayBoardings: { name: "mothership_bay_boardings_total", type: "counter", help: "Handshakes that were completed.", labels: bay },
  bayReboardings: {
    name: "mothership_bay_reboardings_total",
    type: "counter",
    help: "Clients that were handed to a later process of the bay.",
    labels: bay,
  },
  bayFrames: {
    name: "mothership_bay_frames_total",
    type: "counter",
    help: "Frames of the docking protocol, in from the bay or out to it.",
    labels: [...bay, "direction"],
  },
  bayBytes: {
    name: "mothership_bay_bytes_total",
    type: "counter",
    help: "Bytes of the docking protocol, in from the bay or out to it.",
    labels: [...bay, "direction"],
  },
  bayQueue: {
    name: "mothership_bay_queue_bytes",
    type: "gauge",
    help: "Bytes that wait: to_bay or to_clients.",
    labels: [...bay, "direction"],
  },

  moduleCalls: { name: "mothership_module_calls_total", type: "counter", help: "Calls of a module.", labels: ["module"] },
  moduleBlocks: { name: "mothership_module_blocks_total", type: "counter", help: "Requests that a module blocked.", labels: ["module"] },
  moduleErrors: {
    name: "mothership_module_errors_total",
    type: "counter",
    help: "Calls of a module that failed, by kind.",
    labels: ["module", "kind"],
  },
  moduleSeconds: { name: "mothership_module_seconds_total", type: "counter", help: "Time spent in a module.", labels: ["module"] },

  eventLoopDelay: {
    name: "mothership_event_loop_delay_seconds",
    type: "gauge",
    help: "How late the event loop was, by quantile, since it was last asked about.",
    labels: ["quantile"],
  },
  threads: {
    name: "mothership_edge_threads",
    type: "gauge",
    help: "Threads that serve requests: those that run, and those that are wanted.",
    labels: ["state"],
  },
  lostThreads: {
    name: "mothership_edge_threads_lost_total",
    type: "counter",
    help: "Threads that died and were replaced, or are about to be.",
    labels: [],
  },
  buildInfo: { name: "mothership_build_info", type: "gauge", help: "Always 1; what runs.", labels: ["version", "node"] },
  droppedSeries: {
    name: "mothership_metrics_dropped_total",
    type: "counter",
    help: "Updates that a metric took no labels for, its limit being reached, or no value, it being no number.",
    labels: ["metric"],
  },
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyKey = keyof typeof families;

/** Upper bounds of the duration histogram, in milliseconds, ascending; a last bucket takes the rest. */
export const durationBucketsMs: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000];

/** The label of requests that no route took: answered before routing, or not at all. */
export const noRoute = "none";
/** The label of what is over a limit of labels. */
export const otherLabel = "other";
