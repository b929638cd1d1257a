import type { BaySpec } from "@mothership/docking";
import type { Address } from "@mothership/kernel";
import type { Bay, Bind, Manifest, Module, Route, Ship } from "@mothership/manifest";
import type { PayloadSpec } from "@mothership/payloads";
import type { ListenerSpec } from "@mothership/proxy";

/**
 * All that the request path knows, as plain data that can be sent to a thread or another process:
 * nothing on that path reads the manifest or talks to the supervisor.
 */
export interface EdgePlan {
  readonly listeners: readonly ListenerSpec[];
  /** In the order in which they are tried. */
  readonly routes: readonly RoutePlan[];
  readonly upstreams: readonly UpstreamPlan[];
  readonly bays: readonly BaySpec[];
  /** In the order in which they see a request. */
  readonly payloads: readonly PayloadPlan[];
  readonly staticDirectories: readonly { readonly path: string; readonly prefix: string; readonly bind?: string }[];
  readonly compression: boolean;
  readonly preflightCache?: { readonly defaultTtlMs: number; readonly maxEntries: number };
  readonly rateLimit?: { readonly globalPerSecond?: number; readonly perClientPerMinute?: number };
}

export interface RoutePlan {
  readonly bind: string;
  readonly pattern: string;
  readonly stripPrefix?: string;
  /** A class of user agents, or `~` and a pattern. */
  readonly uaFilter?: string;
  /** Name of the upstream or bay that answers. */
  readonly to: string;
}

export interface UpstreamPlan {
  readonly name: string;
  readonly address: Address;
}

export interface PayloadPlan {
  readonly spec: PayloadSpec;
  /** Absolute path of the module. */
  readonly file: string;
}

/** The request path that a manifest asks for. `bayAddressOf` tells where a bay listens. */
export function planEdge({ mothership, ships, bays, modules }: Manifest, bayAddressOf: (name: string) => BaySpec["address"]): EdgePlan {
  const reachable = ships.filter((ship) => ship.bind !== undefined && ship.routes.length > 0);
  const { corsCache, rateLimiting } = mothership;
  const { globalRps, perIpRpm } = rateLimiting;
  return {
    listeners: mothership.binds.map(listenerOf),
    routes: [...reachable, ...bays].sort((a, b) => a.order - b.order).flatMap(routesOf),
    upstreams: reachable.flatMap(({ name, bind }) => (bind ? [{ name, address: bind }] : [])),
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

/** A bind that is called `https` and has no certificate stands behind something that ends TLS, as the reference has it. */
function listenerOf({ name, address, proxyProtocol, trustedProxies, certificates, mode }: Bind): ListenerSpec {
  const tls = certificates.map(({ cert, key }) => ({ certFile: cert.path, keyFile: key.path }));
  return {
    name,
    address,
    ...(proxyProtocol !== false && { proxyProtocol: proxyProtocol === true ? "auto" : proxyProtocol }),
    ...(trustedProxies.length > 0 && { trustedProxies }),
    ...(tls.length > 0 && { tls: { certificates: tls } }),
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
