import type { Bay } from "@mothership/docking";
import { compression, preflightCache, rateLimit, staticFiles } from "@mothership/filters";
import { compose, type Deps, type Exchange, emptyBody, Fields, type Handler, type Middleware } from "@mothership/kernel";
import type { Block, Redirect, ShieldRule } from "@mothership/manifest";
import type { FleetMetrics } from "@mothership/metrics";
import { type Payload, payloadMiddleware } from "@mothership/payloads";
import { createRouter, type ForwardWatch, forwardTo, notFound, type Route, render, reply, type Upstream } from "@mothership/proxy";
import { classifyUserAgent, shield } from "@mothership/shields";
import { accessLines } from "./access-log.ts";
import type { ShipWatch } from "./passive-health.ts";
import type { EdgePlan } from "./plan/edge.ts";
import { counter } from "./request-counts.ts";
import { RouteFilters } from "./route-filters.ts";

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
  /** Takes each line of the access log, without its newline. Default: there is no such log, whatever the plan says. */
  readonly onAccess?: ((line: string) => void) | undefined;
  /** Judges ships by what becomes of requests. */
  readonly health?: ShipWatch | undefined;
  /** Changes when a ship or bay is started anew. Default: it never does. */
  readonly versionOf?: ((name: string) => number) | undefined;
}

/** The life of a request, in the order in which it happens. Responses go back the other way. */
export function requestPath(
  plan: EdgePlan,
  destinations: Destinations,
  payloads: readonly Payload[],
  { remembered, metrics, onAccess, health, versionOf }: PathParts,
  deps: Deps,
): Handler {
  const { clock } = deps;
  const onLimited = metrics && ((scope: "global" | "client") => metrics.requestLimited(scope));
  const onLookup = metrics && ((result: "hit" | "miss") => metrics.preflight(result === "hit"));
  metrics?.setRoutes(plan.routes.map(({ pattern }) => pattern));
  const filters = new RouteFilters(plan.routes);
  const guard = shieldOf(plan.shieldRules, metrics, deps);
  const middleware = [
    plan.accessLog && onAccess && accessLines(plan.accessLog, onAccess, deps),
    metrics?.middleware,
    // Before the limits, so that what is refused uses up nobody's share.
    guard.middleware,
    plan.rateLimit && remembered("rateLimit", plan.rateLimit, (settings) => rateLimit({ clock, ...settings, onLimited })),
    plan.compression && compression({ clock, onSaturated: metrics && (() => metrics.compressionSaturated()) }),
    // Outside of all that answers, so that files and cached answers are checked too; inside of compression, so that guests see plain bodies.
    payloads.length > 0 && payloadMiddleware(payloads, deps, { render, describe: factsWith(guard.ruleOf) }),
    plan.preflightCache &&
      remembered("preflightCache", { ...plan.preflightCache, routes: plan.routes }, ({ routes: _, ...settings }) =>
        preflightCache({ clock, ...settings, varyBy: filters.varyBy, versionOf, onLookup }),
      ),
    plan.staticDirectories.length > 0 && staticFiles(plan.staticDirectories, deps),
  ];
  const watchOf = (ship: string): ForwardWatch | undefined => bothOf(metrics && countFailures(metrics, ship), health?.watch(ship));
  return compose(
    middleware.filter((one) => one !== undefined && one !== false),
    createRouter(routesOf(plan, destinations, filters, watchOf, deps)),
  );
}

/** Throws what `requestPath` would throw for a plan, and makes nothing else of it: patterns and rules that are too many together. */
export function assertBuildable({ routes, shieldRules }: EdgePlan, payloads: readonly Payload[], deps: Deps): void {
  shieldOf(shieldRules, undefined, deps);
  payloadMiddleware(payloads, deps);
  new RouteFilters(routes);
  createRouter(routes.map(({ bind, pattern }) => ({ bind, pattern, to: notFound })));
}

function routesOf(
  plan: EdgePlan,
  { upstreams, bays }: Destinations,
  filters: RouteFilters,
  watchOf: (ship: string) => ForwardWatch | undefined,
  deps: Deps,
): Route[] {
  const { tunnelIdleMs } = plan;
  const handlers = new Map<string, Handler>();
  for (const [name, upstream] of upstreams) handlers.set(name, forwardTo(upstream, deps, { tunnelIdleMs, watch: watchOf(name) }));
  for (const [name, bay] of bays) handlers.set(name, named(name, bay.handler));
  return plan.routes.flatMap((route) => {
    const { bind, pattern, stripPrefix, answer, to } = route;
    const handler = handlers.get(to);
    const end = handler && counted(handler, plan.requests?.get(to));
    return end ? [{ bind, pattern, stripPrefix, when: filters.of(route), to: answer ? answering(answer) : end }] : [];
  });
}

/** Says on the exchange who answers it, as forwarding to an upstream does. */
function named(name: string, handler: Handler): Handler {
  return (exchange) => {
    exchange.upstream = name;
    return handler(exchange);
  };
}

function counted(handler: Handler, memory: SharedArrayBuffer | undefined): Handler {
  if (!memory) return handler;
  const add = counter(memory);
  return (exchange) => {
    add();
    return handler(exchange);
  };
}

/** A route that passes nothing on. */
function answering(answer: Block | Redirect): Handler {
  if (answer.action === "block") {
    const refusal = { status: answer.status, reason: "route-blocked", message: "This request was refused." };
    return (exchange) => reply(exchange, refusal);
  }
  const { location, status } = answer;
  return (exchange) => {
    // Who asks may have decided, so that no cache may give it to another.
    const fields = Fields.from([
      ["Location", location],
      ["Cache-Control", "no-store"],
      ["X-Request-Id", exchange.id],
    ]);
    exchange.respond({ status, fields }, emptyBody);
  };
}

interface Guard {
  readonly middleware: Middleware | undefined;
  /** Name of the rule that matched a request. */
  readonly ruleOf: (exchange: Exchange) => string | undefined;
}

function shieldOf(rules: readonly ShieldRule[], metrics: FleetMetrics | undefined, { log }: Deps): Guard {
  if (rules.length === 0) return { middleware: undefined, ruleOf: () => undefined };
  const matched = new WeakMap<Exchange, string>();
  const middleware = shield(rules, {
    log,
    reply,
    onMatch: ({ name, action }, exchange) => {
      matched.set(exchange, name);
      metrics?.shieldMatched(name, action.action);
    },
  });
  return { middleware, ruleOf: (exchange) => matched.get(exchange) };
}

/** What guests are told of a request. */
function factsWith(ruleOf: Guard["ruleOf"]) {
  return (exchange: Exchange) => ({
    uaKind: classifyUserAgent(exchange.fields.get("user-agent") ?? ""),
    shield: ruleOf(exchange) ?? null,
  });
}

function countFailures(metrics: FleetMetrics, ship: string): ForwardWatch {
  return {
    answered: () => undefined,
    failed: (reason) => metrics.upstreamFailed(ship, reason),
    held: (outcome) => metrics.requestHeld(ship, outcome),
  };
}

function bothOf(one: ForwardWatch | undefined, other: ForwardWatch | undefined): ForwardWatch | undefined {
  if (!one || !other) return one ?? other;
  return {
    answered: () => other.answered(),
    failed: (reason) => {
      one.failed(reason);
      other.failed(reason);
    },
    held: (outcome) => {
      one.held?.(outcome);
      other.held?.(outcome);
    },
  };
}
