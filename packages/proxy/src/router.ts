import type { Exchange, Handler } from "@mothership/kernel";
import { PatternSet } from "@mothership/patterns";
import { answers, reply } from "./reply.ts";
import { stripPrefix } from "./target.ts";

/** Sends what comes in on one bind under one pattern to one handler. Plain data but for `when` and `to`. */
export interface Route {
  /** Name of the bind. */
  readonly bind: string;
  /** Matched against the whole canonical path, without the query. */
  readonly pattern: string;
  /** Taken off the path before `to` sees it, where it ends at a segment. */
  readonly stripPrefix?: string | undefined;
  /** Asked after the pattern has matched; false goes on to the next route. Must be cheap and not throw. */
  readonly when?: ((exchange: Exchange) => boolean) | undefined;
  /** Shown in logs and metrics; the pattern if not given. */
  readonly label?: string | undefined;
  readonly to: Handler;
}

/**
 * A handler that passes each exchange to the first route, in the order of the list, whose bind, pattern and predicate fit;
 * to `otherwise` (404) if none does. All patterns of a bind are matched in one pass, so that many routes cost about what one does.
 *
 * @throws what `PatternSet` throws for a pattern that does not compile.
 */
export function createRouter(routes: readonly Route[], otherwise: Handler = notFound): Handler {
  const binds = new Map<string, { readonly routes: readonly Route[]; readonly patterns: PatternSet }>();
  for (const [bind, own] of Map.groupBy(routes, (route) => route.bind)) {
    binds.set(bind, { routes: own, patterns: new PatternSet(own.map((route) => route.pattern)) });
  }
  return (exchange) => {
    const table = binds.get(exchange.bind);
    for (const index of table?.patterns.match(exchange.path) ?? []) {
      const route = table!.routes[index]!;
      if (route.when && !route.when(exchange)) continue;
      exchange.route = route.label ?? route.pattern;
      if (route.stripPrefix !== undefined) exchange.path = stripPrefix(exchange.path, route.stripPrefix);
      return route.to(exchange);
    }
    return otherwise(exchange);
  };
}

/** Answers 404. */
export function notFound(exchange: Exchange): void {
  reply(exchange, answers.noRoute);
}
