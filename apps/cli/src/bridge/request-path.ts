import type { Bay } from "@mothership/docking";
import { compression, preflightCache, rateLimit, staticFiles } from "@mothership/filters";
import { compose, type Deps, type Exchange, type Handler, type Middleware } from "@mothership/kernel";
import type { FleetMetrics } from "@mothership/metrics";
import { type Payload, payloadMiddleware } from "@mothership/payloads";
import { createRouter, forwardTo, type Route, type Upstream } from "@mothership/proxy";
import { userAgentFilter } from "@mothership/shields";
import type { EdgePlan, RoutePlan } from "./plan/edge.ts";

/** What a request can end at, by name. */
export interface Destinations {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly bays: ReadonlyMap<string, Bay>;
}

/** Middleware that remembers something, kept over a change of the plan as long as its settings stay. */
export type Remembered = <T>(name: string, settings: T, make: (settings: T) => Middleware) => Middleware;

/** What the path needs besides its plan. */
export interface PathParts {
  readonly remembered: Remembered;
  readonly metrics?: FleetMetrics | undefined;
}

/** The life of a request, in the order in which it happens. Responses go back the other way. */
export function requestPath(
  plan: EdgePlan,
  destinations: Destinations,
  payloads: readonly Payload[],
  { remembered, metrics }: PathParts,
  deps: Deps,
): Handler {
  const { clock } = deps;
  const onLimited = metrics && ((scope: "global" | "client") => metrics.requestLimited(scope));
  const onLookup = metrics && ((result: "hit" | "miss") => metrics.preflight(result === "hit"));
  metrics?.setRoutes(plan.routes.map(({ pattern }) => pattern));
  const middleware = [
    metrics?.middleware,
    plan.rateLimit && remembered("rateLimit", plan.rateLimit, (settings) => rateLimit({ clock, ...settings, onLimited })),
    plan.compression && compression({ clock }),
    // Outside of all that answers, so that files and cached answers are checked too; inside of compression, so that guests see plain bodies.
    payloads.length > 0 && payloadMiddleware(payloads, deps),
    plan.preflightCache &&
      remembered("preflightCache", { ...plan.preflightCache, routes: plan.routes }, ({ routes, ...settings }) =>
        preflightCache({ clock, ...settings, ...varyByAgent(routes), onLookup }),
      ),
    plan.staticDirectories.length > 0 && staticFiles(plan.staticDirectories, deps),
  ];
  return compose(
    middleware.filter((one) => one !== undefined && one !== false),
    createRouter(routesOf(plan, destinations, deps)),
  );
}

function routesOf(plan: EdgePlan, { upstreams, bays }: Destinations, deps: Deps): Route[] {
  const handlers = new Map<string, Handler>();
  for (const [name, upstream] of upstreams) handlers.set(name, forwardTo(upstream, deps, { tunnelIdleMs: plan.tunnelIdleMs }));
  for (const [name, bay] of bays) handlers.set(name, named(name, bay.handler));
  const filters = agentFilters(plan.routes);
  return plan.routes.flatMap(({ bind, pattern, stripPrefix, uaFilter, to }) => {
    const handler = handlers.get(to);
    const when = uaFilter === undefined ? undefined : filters.get(uaFilter);
    return handler ? [{ bind, pattern, stripPrefix, when, to: handler }] : [];
  });
}

/** Says on the exchange who answers it, as forwarding to an upstream does. */
function named(name: string, handler: Handler): Handler {
  return (exchange) => {
    exchange.upstream = name;
    return handler(exchange);
  };
}

/** The distinct filters of all routes, each compiled once. */
function agentFilters(routes: readonly RoutePlan[]): ReadonlyMap<string, (exchange: Exchange) => boolean> {
  const expressions = new Set(routes.flatMap(({ uaFilter }) => uaFilter ?? []));
  return new Map(
    Array.from(expressions, (expression) => {
      const matches = userAgentFilter(expression);
      return [expression, (exchange: Exchange) => matches(exchange.fields.get("user-agent") ?? "")];
    }),
  );
}

/** Where the agent decides who answers, a preflight that one kind of agent asked must not be answered to another. */
function varyByAgent(routes: readonly RoutePlan[]): { readonly varyBy?: (exchange: Exchange) => string } {
  const filters = [...agentFilters(routes).values()];
  return filters.length === 0 ? {} : { varyBy: (exchange) => filters.map((matches) => (matches(exchange) ? "1" : "0")).join("") };
}
