import type { Bay, BaySpec } from "@mothership/docking";
import { type AbortOptions, type Address, type Closable, type Deps, deadline, formatAddress, type Handler } from "@mothership/kernel";
import type { FleetMetrics } from "@mothership/metrics";
import { type BreakerState, openProxy, type Proxy as RunningProxy, type Upstream } from "@mothership/proxy";
import { refusalLine } from "./access-log.ts";
import type { Availability } from "./availability.ts";
import { gone, type OpenMap, openBays, openPayloads, openUpstreams, rememberer, valuesOf } from "./edge-parts.ts";
import { PassiveHealth, type ShipWatch } from "./passive-health.ts";
import type { EdgePlan } from "./plan/edge.ts";
import { assertBuildable, requestPath } from "./request-path.ts";

/** What the edge tells of its bays. */
export interface EdgeOptions {
  /** The link to a bay is gone although nobody closed it; its process should not go on as it is. */
  readonly onBayFault?: (bay: string, reason: string) => void;
  /** Counts requests. Default: nothing does. */
  readonly metrics?: FleetMetrics | undefined;
  /** Takes each line of the access log, without its newline. Default: there is no such log, whatever the plan says. */
  readonly onAccess?: ((line: string) => void) | undefined;
  /** Requests to an upstream fail in a row: somebody should look at it. */
  readonly onSuspect?: ((upstream: string, reason: string) => void) | undefined;
  /** Hears what becomes of requests, in place of what tells `onSuspect`. */
  readonly health?: ShipWatch;
  /** How a bay is opened. Default: by docking with it. */
  readonly openBay?: (spec: BaySpec, deps: Deps) => Bay;
  /** Which upstreams get requests from the start. Default: none. */
  readonly available?: ReadonlyMap<string, Availability>;
}

/** What one payload has done. */
export interface PayloadFigures {
  readonly name: string;
  readonly calls: number;
  readonly blocks: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly totalMs: number;
}

/** What goes on at one upstream, in all threads. */
export interface UpstreamState {
  readonly name: string;
  /** Requests that wait while it is restarted. */
  readonly held: number;
  /** Of the circuit breaker, which all threads have in common. */
  /** Absent where it has none. */
  readonly breaker?: BreakerState | undefined;
}

/** A thread that serves requests beside the main one. */
export interface ThreadState {
  /** From 2: the main thread is 1. */
  readonly thread: number;
  readonly state: "starting" | "running" | "waiting";
  /** How often it died and was replaced, or is about to be. */
  readonly lost: number;
}

/** The running request path. Knows what its plan says and which upstreams are available; nothing else reaches it. */
export interface Edge extends Closable {
  /** Each bind with where it really listens: `http://host:port/`, `https://host:port/` or `unix:///path`. */
  readonly listening: readonly { readonly bind: string; readonly address: string }[];
  /** Whether an upstream gets requests. Names that are no upstream are ignored: not every process has routes. */
  setAvailable(upstream: string, available: Availability): void;
  /** Another process is behind an upstream than before: what its breaker has seen is over, in all threads. */
  renewed(upstream: string): void;
  /** Takes an upstream out of use, unless it is available `soon`, and resolves when nothing runs against it; what still runs when the signal fires is cut off. */
  drain(upstream: string, options: AbortOptions): Promise<void>;
  /** Resolves when a bay is docked and takes clients. Rejects with the signal's reason. */
  bayReady(bay: string, options: AbortOptions): Promise<void>;
  /** WebSocket clients of a bay; undefined for a name that is none. */
  clients(bay: string): number | undefined;
  readonly upstreams: readonly UpstreamState[];
  /** Payloads in their order, with what they have done. */
  readonly payloads: readonly PayloadFigures[];
  /** Bays with what goes on at them. */
  readonly bays: readonly { readonly name: string; readonly snapshot: ReturnType<Bay["snapshot"]> }[];
  /** Further threads; empty where the main one serves all requests. */
  readonly threads: readonly ThreadState[];
  /** Brings in what other threads have counted; resolves after half a second at the latest. */
  refresh(): Promise<void>;
  /**
   * From the next request on this plan is in force; requests that run finish by the old one. Upstreams whose address and bays whose
   * settings did not change stay as available as they are, others begin unavailable. A bind whose address stays keeps its connections; new ones are
   * open before the plan is in force, and those that are gone let their requests finish.
   *
   * @throws what opening a bind or a payload throws; then nothing has changed.
   */
  replace(plan: EdgePlan): Promise<void>;
}

/** The edge of one thread, with what it takes for several to act as one. */
export interface ThreadEdge extends Edge {
  /** Does all of `replace` that may fail. One plan at a time. */
  prepare(plan: EdgePlan): Promise<PreparedPlan>;
  /** Closes the bays, whose clients are told. */
  goodbye(options?: AbortOptions): Promise<void>;
  /** Answers what is for a bay; undefined for a name that is none. */
  bayHandler(bay: string): Handler | undefined;
}

/** A plan that is ready: exactly one of the two is called, once. */
export interface PreparedPlan {
  /** In force at once. */
  commit(): void;
  /** Closes what was opened for it. */
  abandon(): Promise<void>;
}

/** Clients of bays get so long to take the goodbye before their connections are cut. */
const goodbyeMs = 2000;

/**
 * Builds the whole request path from one plain plan and opens its listeners. Every upstream begins unavailable.
 *
 * @throws what `openProxy` throws, naming the bind, or what opening a payload throws; then nothing is open.
 */
export async function openEdge(plan: EdgePlan, deps: Deps, options: EdgeOptions = {}): Promise<ThreadEdge> {
  const remembered = rememberer();
  const leaving = new Set<Promise<void>>();
  /** What runs on them is still a matter of the ships behind them. */
  const leavingUpstreams = new Set<Upstream>();
  const health = options.health ?? (options.onSuspect && new PassiveHealth(deps.clock, options.onSuspect));
  // Of upstreams: how often they came back, for what is remembered of one that has gone.
  const versions = new Map<string, number>();
  const parts = {
    remembered,
    metrics: options.metrics,
    onAccess: options.onAccess,
    health,
    versionOf: (name: string) => versions.get(name) ?? 0,
  };
  let payloads = await openPayloads(plan.payloads, deps);
  let upstreams = openUpstreams(plan.upstreams, new Map(), options.available, deps);
  const path = (next: EdgePlan, bays: OpenMap<BaySpec, Bay>) =>
    requestPath(next, { upstreams: valuesOf(upstreams), bays: valuesOf(bays) }, payloads, parts, deps);
  // A bay dials as soon as it is open, so the listeners, which may be refused, come first.
  const proxy = await openProxy({ ...plan.proxy, listeners: plan.listeners }, path({ ...plan, routes: [] }, new Map()), deps);
  let bays = openBays(plan.bays, new Map(), options, deps);
  proxy.replace(path(plan, bays));

  if (options.metrics) countRefusals(proxy, options.metrics);
  let { accessLog } = plan;
  proxy.events.on("refused", (refusal) => {
    if (accessLog && Math.random() < accessLog.sample) options.onAccess?.(refusalLine(refusal, deps.clock.wallTime()));
  });
  const retire = (closable: Closable, onClosed?: () => void): void => {
    const closed = closable.close().finally(() => {
      leaving.delete(closed);
      onClosed?.();
    });
    leaving.add(closed);
  };
  const listeningTo = ({ listeners }: EdgePlan) =>
    listeners.map(({ name, tls }) => ({ bind: name, address: urlOf(proxy.address(name), tls !== undefined) }));
  let listening = listeningTo(plan);
  const edge: ThreadEdge = {
    get listening() {
      return listening;
    },
    setAvailable(name, available) {
      const one = upstreams.get(name)?.running;
      if (!one) return;
      if (available === "soon") {
        one.hold();
        return;
      }
      if (available && !one.available) versions.set(name, (versions.get(name) ?? 0) + 1);
      one.available = available;
    },
    renewed: (name) => upstreams.get(name)?.running.breaker?.reset(),
    async drain(name, options) {
      const now = upstreams.get(name)?.running;
      const before = [...leavingUpstreams].filter((one) => one.name === name);
      await Promise.all([...(now ? [now] : []), ...before].map((one) => one.drain(options)));
    },
    bayReady: async (name, options) => await bays.get(name)?.running.ready(options),
    clients: (name) => bays.get(name)?.running.snapshot().clients,
    get upstreams() {
      return Array.from(upstreams, ([name, { running }]) => ({ name, held: running.held, breaker: running.breaker?.state }));
    },
    get payloads() {
      return payloads.map(({ spec: { name }, stats: { calls, blocks, failures, totalMs } }) => ({
        name,
        calls,
        blocks,
        failures,
        totalMs,
      }));
    },
    get bays() {
      return Array.from(bays, ([name, { running }]) => ({ name, snapshot: running.snapshot() }));
    },
    threads: [],
    refresh: async () => undefined,
    bayHandler: (name) => bays.get(name)?.running.handler,
    async prepare(next) {
      const opened = await openPayloads(next.payloads, deps);
      assertBuildable(next, opened, deps);
      const change = await proxy.prepare({ ...next.proxy, listeners: next.listeners });
      const commit = (): void => {
        payloads = opened;
        const before = [upstreams, bays, listening] as const;
        upstreams = openUpstreams(next.upstreams, upstreams, undefined, deps);
        bays = openBays(next.bays, bays, options, deps);
        change.commit(path(next, bays));
        listening = listeningTo(next);
        ({ accessLog } = next);
        sayListening(before[2], listening, deps);
        health?.retain(new Set(upstreams.keys()));
        for (const one of gone(before[0], upstreams)) {
          leavingUpstreams.add(one);
          retire(one, () => leavingUpstreams.delete(one));
        }
        for (const one of gone(before[1], bays)) retire(one);
      };
      return { commit, abandon: () => change.abandon() };
    },
    async replace(next) {
      const prepared = await edge.prepare(next);
      prepared.commit();
    },
    async goodbye({ signal } = {}) {
      using goodbye = deadline("telling the clients of bays", goodbyeMs, deps.clock, signal);
      await Promise.all(Array.from(bays.values(), ({ running }) => running.close({ signal: goodbye.signal })));
    },
    async close(options = {}) {
      // Bays first: their clients are told, and tunnels are cut at once.
      await edge.goodbye(options);
      await proxy.close(options);
      await Promise.all([...Array.from(upstreams.values(), ({ running }) => running.close(options)), ...leaving]);
    },
    [Symbol.asyncDispose]: () => edge.close(),
  };
  return edge;
}

/** What is new and what is gone. */
function sayListening(before: Edge["listening"], now: Edge["listening"], { log }: Deps): void {
  const isIn = (list: Edge["listening"], { bind, address }: Edge["listening"][number]): boolean =>
    list.some((other) => other.bind === bind && other.address === address);
  for (const one of now) if (!isIn(before, one)) log.info("Listening", one);
  for (const one of before) if (!isIn(now, one)) log.info("Not listening any more: requests that run finish", one);
}

function urlOf(address: Address, tls: boolean): string {
  return address.kind === "unix" ? formatAddress(address) : `${formatAddress(address).replace("tcp:", tls ? "https:" : "http:")}/`;
}

/** What never became an exchange is counted by what the proxy says of it. */
function countRefusals({ events }: RunningProxy, metrics: FleetMetrics): void {
  events.on("refused", ({ bind, code }) => metrics.requestRefused(bind, code));
  events.on("turnedAway", ({ bind }) => metrics.connectionRefused(bind, "limit"));
  events.on("headerRefused", ({ bind }) => metrics.connectionRefused(bind, "proxy_header"));
}
