import type { BaySpec } from "@mothership/docking";
import type { Address } from "@mothership/kernel";
import type { Bay, Manifest, Module, Route, Ship } from "@mothership/manifest";
import type { PayloadSpec } from "@mothership/payloads";

/**
 * All that the request path knows, as plain data that can be sent to a thread or another process:
 * nothing on that path reads the manifest or talks to the supervisor.
 */
export interface EdgePlan {
  readonly listeners: readonly ListenerPlan[];
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

export interface ListenerPlan {
  readonly name: string;
  readonly address: Address;
  /** Take clients from PROXY protocol headers, where there are any. */
  readonly proxyProtocol?: "auto";
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
    listeners: mothership.binds.map(({ name, address, proxyProtocol }) => ({
      name,
      address,
      ...(proxyProtocol && { proxyProtocol: "auto" as const }),
    })),
    routes: [...reachable, ...bays].sort((a, b) => a.order - b.order).flatMap(routesOf),
    upstreams: reachable.flatMap(({ name, bind }) => (bind ? [{ name, address: bind }] : [])),
    bays: bays.map(({ name, config }) => ({ name, address: bayAddressOf(name), config })),
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

function payloadOf({ name, wasm, routes, phase, config }: Module): PayloadPlan {
  return { spec: { name, phase, routes, config }, file: wasm.path };
}
