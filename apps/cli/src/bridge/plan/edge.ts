import type { BaySpec } from "@mothership/docking";
import type { AccessLog, Bay, Bind, Manifest, Module, ProxySettings, Route, ShieldRule, Ship } from "@mothership/manifest";
import type { PayloadSpec } from "@mothership/payloads";
import type { ListenerSpec, ProxySpec, UpstreamSpec } from "@mothership/proxy";

/**
 * All that the request path knows, as plain data that can be sent to a thread or another process:
 * nothing on that path reads the manifest or talks to the supervisor.
 */
export interface EdgePlan {
  readonly listeners: readonly ListenerSpec[];
  /** What holds for all listeners. */
  readonly proxy: Omit<ProxySpec, "listeners">;
  /** A tunnel to a ship in which nothing was sent for so long ends. */
  readonly tunnelIdleMs: number;
  /** Absent: none. */
  readonly accessLog?: AccessLog;
  /** In the order in which they are asked. */
  readonly shieldRules: readonly ShieldRule[];
  /** In the order in which they are tried. */
  readonly routes: readonly RoutePlan[];
  readonly upstreams: readonly UpstreamPlan[];
  readonly bays: readonly BaySpec[];
  /** In the order in which they see a request. */
  readonly payloads: readonly PayloadPlan[];
  readonly staticDirectories: readonly { readonly path: string; readonly prefix: string; readonly bind?: string }[];
  readonly compression: boolean;
  readonly preflightCache?: { readonly defaultTtlMs: number; readonly maxEntries: number };
  /** Memory in which requests are counted, by the name of who gets them; see `RequestCounts`. Default: nobody counts. */
  readonly requests?: ReadonlyMap<string, SharedArrayBuffer>;
  readonly rateLimit?: { readonly globalPerSecond?: number; readonly perClientPerMinute?: number; readonly memory?: SharedArrayBuffer };
}

export interface RoutePlan extends Route {
  /** Name of the upstream or bay that answers. */
  readonly to: string;
}

/** Whether it is available is no part of the plan. */
export type UpstreamPlan = Omit<UpstreamSpec, "available">;

export interface PayloadPlan {
  readonly spec: PayloadSpec;
  /** Absolute path of the module. */
  readonly file: string;
}

/** The request path that a manifest asks for. `bayAddressOf` tells where a bay listens. */
export function planEdge(
  { mothership, ships, bays, modules, shields }: Manifest,
  bayAddressOf: (name: string) => BaySpec["address"],
): EdgePlan {
  const reachable = ships.filter((ship) => ship.bind !== undefined && ship.routes.length > 0);
  const { corsCache, rateLimiting, proxy, accessLog } = mothership;
  const { globalRps, perIpRpm } = rateLimiting;
  return {
    listeners: mothership.binds.map(listenerOf),
    proxy: proxyOf(proxy),
    tunnelIdleMs: proxy.tunnelIdleMs,
    ...(accessLog && { accessLog }),
    shieldRules: shields.rules,
    routes: [...reachable, ...bays].sort((a, b) => a.order - b.order).flatMap(routesOf),
    upstreams: reachable.flatMap(upstreamOf),
    bays: bays.map((bay) => bayOf(bay, bayAddressOf(bay.name))),
    payloads: modules.map(payloadOf),
    staticDirectories: mothership.staticDirs.map(({ path, prefix, bind }) => ({ path, prefix, ...(bind !== undefined && { bind }) })),
    compression: mothership.compression,
    ...(corsCache.enabled && { preflightCache: { defaultTtlMs: corsCache.defaultTtlMs, maxEntries: corsCache.maxEntries } }),
    ...((globalRps !== undefined || perIpRpm !== undefined) && {
      rateLimit: {
        ...(globalRps !== undefined && { globalPerSecond: globalRps }),
        ...(perIpRpm !== undefined && { perClientPerMinute: perIpRpm }),
      },
    }),
  };
}

function routesOf({ name, routes }: Ship | Bay): RoutePlan[] {
  return routes.map((route: Route) => ({ ...route, to: name }));
}

function proxyOf({ maxConnectionsPerClient, errorPages, forwarded, via }: ProxySettings): EdgePlan["proxy"] {
  return {
    forwarding: { forwarded, via },
    ...(maxConnectionsPerClient !== undefined && { maxConnectionsPerClient }),
    ...(errorPages && { errorPages: { folder: errorPages.path } }),
  };
}

function upstreamOf({ name, bind, upstream }: Ship): UpstreamPlan[] {
  if (!bind) return [];
  const { maxConnections, maxQueued, maxHeadBytes, maxFields, retries, breaker } = upstream;
  const { connectMs, queueMs, answerMs, stallMs, idleMs } = upstream;
  const hold = { timeoutMs: upstream.holdMs, maxHeld: upstream.maxHeld };
  const timeouts = { connectMs, queueMs, firstByteMs: answerMs, stallMs, idleMs };
  const limits = { maxHeadBytes, maxFields };
  return [{ name, address: bind, maxConnections, maxQueued, limits, timeouts, hold, retries, ...(breaker && { breaker }) }];
}

/** A bind that is called `https` and has no certificate stands behind something that ends TLS, as the reference has it. */
function listenerOf(bind: Bind): ListenerSpec {
  const { name, address, proxyProtocol, trustedProxies, certificates, mode, maxConnections, http2, minTlsVersion } = bind;
  const { maxHeadBytes, maxFields, maxTargetBytes, maxBodyBytes, ...timeouts } = bind.limits;
  const tls = certificates.map(({ cert, key }) => ({ certFile: cert.path, keyFile: key.path }));
  return {
    name,
    address,
    ...(proxyProtocol !== false && { proxyProtocol: proxyProtocol === true ? "auto" : proxyProtocol }),
    ...(trustedProxies.length > 0 && { trustedProxies }),
    maxConnections,
    limits: { maxHeadBytes, maxFields, maxTargetBytes, ...(maxBodyBytes !== undefined && { maxBodyBytes }) },
    timeouts,
    ...(tls.length > 0 && { tls: { certificates: tls, minVersion: `TLSv${minTlsVersion}` } }),
    ...(!http2 && { http2 }),
    ...(tls.length === 0 && name === "https" && { secure: true }),
    ...(mode !== undefined && { mode }),
  };
}

function bayOf({ name, config, protocols, cargo, reboard, maxClients, origins }: Bay, address: BaySpec["address"]): BaySpec {
  return { name, address, config, protocols, cargo, reboard, limits: { maxClients }, ...(origins && { origins }) };
}

function payloadOf({ name, wasm, routes, phase, config, abi, entry, fuel, memoryBytes, body, maxBodyBytes }: Module): PayloadPlan {
  const spec = { name, phase, routes, config, abi, fuel, memoryBytes, body, maxBodyBytes, ...(entry !== undefined && { entry }) };
  return { spec, file: wasm.path };
}
