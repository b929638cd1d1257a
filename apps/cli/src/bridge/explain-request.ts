import { Fields } from "@mothership/kernel";
import type { Manifest, Route } from "@mothership/manifest";
import { canonicalPath } from "@mothership/proxy";
import { type AgentClass, compileRules, type Explanation, explain, type RequestFacts, type ShieldRule } from "@mothership/shields";

/** A request that somebody thinks of. */
export interface ImaginedRequest {
  readonly bind: string;
  readonly method: string;
  /** With or without a query, which decides nothing. */
  readonly path: string;
  readonly version: "1.0" | "1.1" | "2.0";
  /** In their order and case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Address of the client; "" for one of a Unix socket. */
  readonly client: string;
}

/** A route, and the ship or bay that has it. */
export interface OwnedRoute extends Route {
  readonly of: string;
}

/** What would become of a request, and why: plain data, to be shown as JSON. */
export interface RequestExplanation {
  /** In canonical form. */
  readonly path: string;
  readonly agent: AgentClass;
  readonly ja4h: string;
  /** The rule of shields that decides; null if none does. */
  readonly rule: Explanation["match"];
  /** Each rule up to that one, and the first condition that kept it from matching. */
  readonly rules: Explanation["rules"];
  /** The route that takes it; null if none does, or a rule answers it. Folders of static files are looked at before routes. */
  readonly route: OwnedRoute | null;
  /** Each route of the bind up to that one, and what kept it from taking the request. */
  readonly routes: readonly { readonly pattern: string; readonly of: string; readonly unmet: RouteCondition | null }[];
}

export type RouteCondition = "pattern" | "ua_filter" | "ja4h";

/** Says which rule and which route a request would meet. Pure. @throws {RangeError} for a path that every bind refuses. */
export function explainRequest({ shields, ships, bays }: Manifest, request: ImaginedRequest): RequestExplanation {
  const facts = factsOf(request);
  const { ja4h, agent, match, rules } = explain(compileRules(shields.rules), facts);
  const found = { path: facts.path, agent, ja4h, rule: match, rules };
  if (match?.action.action === "block" || match?.action.action === "redirect") return { ...found, route: null, routes: [] };
  const own = [...ships, ...bays]
    .sort((a, b) => a.order - b.order)
    .flatMap(({ name, routes }) => routes.filter(({ bind }) => bind === request.bind).map((route): OwnedRoute => ({ ...route, of: name })));
  return { ...found, ...routesFor(own, facts) };
}

function factsOf({ path: written, headers, method, version, client }: ImaginedRequest): RequestFacts {
  const path = canonicalPath(written.split("?", 1)[0] ?? "");
  if (typeof path !== "string") throw new RangeError(`the path ${JSON.stringify(written)} is refused: ${path.reason}`);
  const fields = Fields.from(headers);
  const host = (fields.get("host") ?? "").replace(/:\d*$/, "").toLowerCase();
  return { method, version, fields, userAgent: fields.get("user-agent") ?? "", address: client, host, path };
}

/** So many rules are asked at once. */
const maxRules = 1_000;
const conditions = { path: "pattern", ua: "ua_filter", ja4h: "ja4h" } as const;

/** Routes ask what rules ask, so that they are explained as rules are. */
function routesFor(own: readonly OwnedRoute[], facts: RequestFacts): Pick<RequestExplanation, "route" | "routes"> {
  const routes: { pattern: string; of: string; unmet: RouteCondition | null }[] = [];
  for (let from = 0; from < own.length; from += maxRules) {
    const some = own.slice(from, from + maxRules);
    const { match, rules } = explain(compileRules(some.map(asRule)), facts);
    for (const [index, { unmet }] of rules.entries()) {
      const { pattern, of } = some[index]!;
      routes.push({ pattern, of, unmet: unmet === "path" || unmet === "ua" || unmet === "ja4h" ? conditions[unmet] : null });
    }
    if (match) return { route: some[match.index]!, routes };
  }
  return { route: null, routes };
}

function asRule({ pattern, uaFilter, ja4h }: Route): ShieldRule {
  return { path: pattern, ua: uaFilter, ja4h, action: "allow" };
}
