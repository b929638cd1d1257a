import { type Deps, type Middleware, messageOf } from "@mothership/kernel";
import type { ExpositionFormat } from "./accept.ts";
import { type Exposition, loadWriter, type Source, write } from "./exposition.ts";
import type { BayFigures, HeldOutcome, ModuleFigures, ShipFigures, UpstreamFigures } from "./figures.ts";
import { type FamilyKey, families } from "./registry.ts";
import { RequestFigures } from "./request-figures.ts";
import { requestMetrics } from "./request-metrics.ts";
import { Series } from "./series.ts";
import { type Tally, type TallySource, type ThreadFigures, tallied } from "./tally.ts";

/** What metrics are about, and how much of it. */
export interface MetricsSpec {
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
export interface FleetMetrics {
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

const defaults = { maxRoutes: 1024, maxSeries: 4096 };
const breakerStates = ["closed", "open", "half-open"] as const;

/** Metrics that count from nothing. Holds no timers and needs no closing. */
export function createMetrics(spec: MetricsSpec, { clock, log }: Deps): FleetMetrics {
  const maxSeries = spec.maxSeries ?? defaults.maxSeries;
  const warned = new Set<string>();
  const dropped = new Series(families.droppedSeries, Object.keys(families).length, () => undefined);
  const drop = (name: string): void => {
    dropped.add([name]);
    if (warned.has(name)) return;
    warned.add(name);
    log.warn("a metric is over its limit of labels, or was given no number", { metric: name });
  };
  const requests = new RequestFigures(spec.maxRoutes ?? defaults.maxRoutes, () => drop(families.requests.name));
  const made = new Map<FamilyKey, Series>();
  const series = (key: FamilyKey): Series => {
    const known = made.get(key);
    if (known) return known;
    const one = new Series(families[key], maxSeries, ({ name }) => drop(name));
    made.set(key, one);
    return one;
  };
  const clear = (...keys: readonly FamilyKey[]): void => {
    for (const key of keys) series(key).clear();
  };
  const collectors = new Set<() => void | Promise<void>>();
  const running = new Map<ExpositionFormat, Promise<Exposition>>();

  series("buildInfo").set([spec.version, process.version], 1);
  for (const scope of ["global", "client"]) series("limitedRequests").set([scope], 0);
  for (const key of ["preflightHits", "preflightMisses", "uncompressed", "accessLinesDropped", "fleetShips"] as const)
    series(key).set([], 0);

  const sources = (): readonly Source[] =>
    (Object.keys(families) as FamilyKey[]).map((key): Source => {
      const family = families[key];
      switch (key) {
        case "requests":
        case "requestDuration":
        case "responses":
        case "unfinished":
        case "requestBytes":
        case "responseBytes":
          return { family, samples: () => requests.samples(key) };
        case "inFlight":
          return { family, samples: () => requests.inFlightSamples() };
        case "droppedSeries":
          return { family, samples: () => dropped.samples() };
        default:
          return { family, samples: () => series(key).samples() };
      }
    });

  const renderNow = async (format: ExpositionFormat): Promise<Exposition> => {
    for (const collect of collectors) {
      try {
        await collect();
      } catch (error) {
        log.error("metrics could not be collected", { reason: messageOf(error) });
      }
    }
    return write(sources(), format);
  };

  return {
    middleware: requestMetrics(requests, clock),
    setRoutes: (labels) => requests.declare(labels),
    setShips(ships) {
      clear("shipStatus", "shipHealthy", "shipRestarts", "shipCrashLoop", "shipDroppedLines", "shipRss", "shipVirtual");
      for (const { name, group, up, healthy, restarts, crashLoop, droppedLines, memory } of ships) {
        const labels = [name, group];
        series("shipStatus").set(labels, Number(up));
        series("shipHealthy").set(labels, Number(healthy));
        series("shipRestarts").set(labels, restarts);
        series("shipCrashLoop").set(labels, Number(crashLoop));
        series("shipDroppedLines").set(labels, droppedLines);
        if (memory === undefined) continue;
        series("shipRss").set(labels, memory.rssBytes);
        series("shipVirtual").set(labels, memory.virtualBytes);
      }
      series("fleetShips").set([], ships.filter(({ kind }) => kind === "ship").length);
      const names = new Set(ships.map(({ name }) => name));
      series("shipProbes").retain(([name = ""]) => names.has(name));
    },
    setBays(bays) {
      clear("bayClients", "bayBoardings", "bayReboardings", "bayFrames", "bayBytes", "bayQueue");
      for (const bay of bays) {
        const labels = [bay.name, bay.group];
        series("bayClients").set(labels, bay.clients);
        series("bayBoardings").set(labels, bay.boardings);
        series("bayReboardings").set(labels, bay.reboardings);
        series("bayFrames").set([...labels, "in"], bay.framesIn);
        series("bayFrames").set([...labels, "out"], bay.framesOut);
        series("bayBytes").set([...labels, "in"], bay.bytesIn);
        series("bayBytes").set([...labels, "out"], bay.bytesOut);
        series("bayQueue").set([...labels, "to_bay"], bay.queuedForBay);
        series("bayQueue").set([...labels, "to_clients"], bay.queuedForClients);
      }
    },
    setModules(modules) {
      clear("moduleCalls", "moduleBlocks", "moduleErrors", "moduleSeconds");
      for (const { name, calls, blocks, failures, totalMs } of modules) {
        series("moduleCalls").set([name], calls);
        series("moduleBlocks").set([name], blocks);
        series("moduleSeconds").set([name], totalMs / 1000);
        for (const [kind, count] of Object.entries(failures)) series("moduleErrors").set([name, kind], count);
      }
    },
    setUpstreams(upstreams) {
      clear("breaker", "held");
      for (const { name, breaker, held = 0 } of upstreams) {
        series("held").set([name], held);
        for (const state of breaker ? breakerStates : []) series("breaker").set([name, state], Number(state === breaker));
      }
      const names = new Set(upstreams.map(({ name }) => name));
      for (const key of ["upstreamErrors", "heldOutcomes"] as const) series(key).retain(([name = ""]) => names.has(name));
    },
    probed: (ship, group, check, passed) => series("shipProbes").add([ship, group, check, passed ? "pass" : "fail"]),
    upstreamFailed: (upstream, reason) => series("upstreamErrors").add([upstream, reason]),
    requestHeld: (upstream, outcome) => series("heldOutcomes").add([upstream, outcome]),
    requestLimited: (scope) => series("limitedRequests").add([scope]),
    preflight: (hit) => series(hit ? "preflightHits" : "preflightMisses").add([]),
    requestRefused: (bind, code) => series("refusedRequests").add([bind, code]),
    connectionRefused: (bind, reason) => series("refusedConnections").add([bind, reason]),
    compressionSaturated: () => series("uncompressed").add([]),
    accessLinesDropped: (count) => series("accessLinesDropped").add([], count),
    shieldMatched: (rule, action) => series("shieldMatches").add([rule, action]),
    setEventLoopDelay(quantilesMs) {
      clear("eventLoopDelay");
      for (const [quantile, ms] of Object.entries(quantilesMs)) series("eventLoopDelay").set([quantile], ms / 1000);
    },
    setThreads({ running, wanted, lost }) {
      series("threads").set(["running"], running);
      series("threads").set(["wanted"], wanted);
      series("lostThreads").set([], lost);
    },
    take: () => ({
      routes: requests.take(),
      counters: [...tallied, "droppedSeries" as const].flatMap((key) =>
        (key === "droppedSeries" ? dropped : series(key)).take().map(([labels, amount]) => [key, labels, amount] as const),
      ),
      inFlight: requests.underWay(),
    }),
    source() {
      let underWay: Tally["inFlight"] = [];
      const replace = (next: Tally["inFlight"]): void => {
        for (const [bind, count] of underWay) requests.inFlight(bind).count -= count;
        for (const [bind, count] of next) requests.inFlight(bind).count += count;
        underWay = next;
      };
      return {
        add({ routes, counters, inFlight }) {
          requests.add(routes);
          for (const [key, labels, amount] of counters) (key === "droppedSeries" ? dropped : series(key)).add(labels, amount);
          replace(inFlight);
        },
        [Symbol.dispose]: () => replace([]),
      };
    },
    onScrape(collect) {
      // A wrapper of its own, so that one function may be given twice and each ends alone.
      const entry = (): void | Promise<void> => collect();
      collectors.add(entry);
      return { [Symbol.dispose]: () => void collectors.delete(entry) };
    },
    async render(format = "prometheus") {
      const under = running.get(format);
      if (under) return under;
      const page = renderNow(format).finally(() => running.delete(format));
      running.set(format, page);
      return page;
    },
    async prepare() {
      await loadWriter();
    },
  };
}
