// entry: .
import { MothershipError, Address, Middleware, Deps, Closable, AbortOptions } from '@mothership/kernel';

/** The two text formats of metrics. */
type ExpositionFormat = "prometheus" | "openmetrics";

/** The metrics page cannot listen: its address is in use, not this machine's, or not allowed. `cause` is the system's error. */
declare class MetricsAddressError extends MothershipError {
    readonly code = "MS_METRICS_ADDRESS";
    readonly address: Address;
    constructor(address: Address, cause: unknown);
}

/** A page of metrics. */
interface Exposition {
    readonly contentType: string;
    readonly body: string;
}

/** What is known of one ship or bay process. Counters are totals since its supervisor began. */
interface ShipFigures {
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
    readonly memory?: {
        readonly rssBytes: number;
        readonly virtualBytes: number;
    } | undefined;
}
/** What is known of one bay's link. Counters are totals since it was opened. */
interface BayFigures {
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
interface ModuleFigures {
    readonly name: string;
    readonly calls: number;
    readonly blocks: number;
    /** By kind of failure. */
    readonly failures: Readonly<Record<string, number>>;
    readonly totalMs: number;
}
type BreakerState = "closed" | "open" | "half-open";
/** What is known of one upstream. */
interface UpstreamFigures {
    readonly name: string;
    /** Absent where it has none. */
    readonly breaker?: BreakerState | undefined;
    /** Requests that wait while it is restarted. Default 0. */
    readonly held?: number | undefined;
}
/** What became of a request that came while its upstream was restarted. */
type HeldOutcome = "released" | "timeout" | "full" | "unavailable" | "left";

/** What happened on the path of requests, by family; what else is counted has one place that knows it. */
declare const tallied: readonly ["upstreamErrors", "heldOutcomes", "limitedRequests", "preflightHits", "preflightMisses", "refusedRequests", "refusedConnections", "shieldMatches", "uncompressed"];
/** What one thread has counted since it was last asked: plain data that can be sent to another. */
interface Tally {
    /** Figures of requests by label of their route, in the order that this package gives them. */
    readonly routes: readonly (readonly [route: string, figures: Float64Array])[];
    readonly counters: readonly (readonly [family: (typeof tallied)[number] | "droppedSeries", labels: readonly string[], amount: number])[];
    /** Requests that have not ended, by bind: all there are, not what changed. */
    readonly inFlight: readonly (readonly [bind: string, count: number])[];
}
/** Another thread that counts. Disposing says that it is gone, and with it the requests that it had not ended; what it has counted stays. */
interface TallySource extends Disposable {
    add(tally: Tally): void;
}
/** The threads that serve requests. */
interface ThreadFigures {
    readonly running: number;
    /** As many as are asked for. */
    readonly wanted: number;
    /** Threads that died and were replaced, or are about to be. */
    readonly lost: number;
}

/** What metrics are about, and how much of it. */
interface MetricsSpec {
    /** Of the program, for `mothership_build_info`. */
    readonly version: string;
    /** Routes (and binds) counted apart; more are "other". Default 1,024. */
    readonly maxRoutes?: number | undefined;
    /** Combinations of labels of each other metric. Default 4,096. */
    readonly maxSeries?: number | undefined;
}
/**
 * Counts what a fleet does. Everything here is cheap and never throws; nothing is formatted before `render`.
 *
 * What happens is reported when it happens (`upstreamFailed`). What is can be set at any time, as a whole: `setShips` replaces all
 * that was said about ships. `onScrape` is the place to do that.
 */
interface FleetMetrics {
    /** Counts requests: the first of the path, so that it sees all of their time. */
    readonly middleware: Middleware;
    /** The labels of all routes there are. Others are forgotten; one that counts later without being named here is added, up to the limit. */
    setRoutes(labels: Iterable<string>): void;
    setShips(ships: readonly ShipFigures[]): void;
    setBays(bays: readonly BayFigures[]): void;
    setModules(modules: readonly ModuleFigures[]): void;
    /** Also forgets what was counted of upstreams that are not named. */
    setUpstreams(upstreams: readonly UpstreamFigures[]): void;
    /** A probe of a ship was made. Forgotten when `setShips` names no such ship any more. */
    probed(ship: string, group: string, check: string, passed: boolean): void;
    /** A request got no answer of its upstream; `reason` as the client is told (`upstream-timeout`). */
    upstreamFailed(upstream: string, reason: string): void;
    /** A request that came while its upstream was restarted waits no longer, or could not. */
    requestHeld(upstream: string, outcome: HeldOutcome): void;
    /** A request was answered 429. */
    requestLimited(scope: "global" | "client"): void;
    /** A CORS preflight was answered from the cache, or not. */
    preflight(hit: boolean): void;
    /** A request was refused on the wire, and so was never counted by the middleware. */
    requestRefused(bind: string, code: string): void;
    connectionRefused(bind: string, reason: "limit" | "proxy_header"): void;
    shieldMatched(rule: string, action: string): void;
    /** A response went out plain because as many as may be were compressed already. */
    compressionSaturated(): void;
    /** So many lines of the access log were not written. */
    accessLinesDropped(count: number): void;
    /** The event loop was late by so many milliseconds, by quantile. */
    setEventLoopDelay(quantilesMs: Readonly<Record<string, number>>): void;
    setThreads(threads: ThreadFigures): void;
    /** What was counted on the path of requests since the last time; from here on that is counted from nothing. For a thread that reports to another. */
    take(): Tally;
    /** For each thread that reports here: what it took is added to what is counted here. */
    source(): TallySource;
    /** Calls `collect` before each page is written, to set what is, and waits for it. One that throws or rejects is logged, and its values are old. */
    onScrape(collect: () => void | Promise<void>): Disposable;
    /** Writes a page. Two at a time share the work. */
    render(format?: ExpositionFormat): Promise<Exposition>;
    /** Loads what `render` needs (some 25 ms), so that the first page does not delay requests. */
    prepare(): Promise<void>;
}
/** Metrics that count from nothing. Holds no timers and needs no closing. */
declare function createMetrics(spec: MetricsSpec, { clock, log }: Deps): FleetMetrics;

/** Counts nothing and costs nothing: for a fleet that serves no metrics. Its middleware is not there. */
declare const noMetrics: FleetMetrics;

/** What `/health` says: 200 or 503, and this as JSON. */
interface Health {
    readonly healthy: boolean;
    /** In one word: `running`, `mayday`. */
    readonly status: string;
    /** Threads that serve requests, where there are to be several. */
    readonly threads?: {
        readonly running: number;
        readonly wanted: number;
    };
}
interface MetricsServerSpec {
    /** A bare port read by `parseAddress` is one of the loopback, which is what a page without a password should be on. */
    readonly address: Address;
    /** On the loopback: host names under which the page may be asked for, besides those of the loopback itself. Default: none. */
    readonly hosts?: readonly string[] | undefined;
    /** Asked for each request to `/health`; one that throws makes it 503. */
    readonly healthy: () => Health;
}
/** A running metrics page. Closing waits a second for answers under way, or until the signal fires. */
interface MetricsServer extends Closable {
    /** Where it listens; the port is the real one. */
    readonly address: Address;
}
/**
 * Serves `/metrics` and `/health` over HTTP until it is closed, and watches the event loop meanwhile.
 *
 * @throws {MetricsAddressError} when the address cannot be had.
 */
declare function serveMetrics(metrics: FleetMetrics, spec: MetricsServerSpec, deps: Deps, { signal }?: AbortOptions): Promise<MetricsServer>;

export { MetricsAddressError, createMetrics, noMetrics, serveMetrics };
export type { BayFigures, BreakerState, Exposition, ExpositionFormat, FleetMetrics, Health, HeldOutcome, MetricsServer, MetricsServerSpec, MetricsSpec, ModuleFigures, ShipFigures, Tally, TallySource, ThreadFigures, UpstreamFigures };
