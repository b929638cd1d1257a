import type { Exchange } from "@mothership/kernel";
import { fingerprintFilter, userAgentFilter } from "@mothership/shields";
import type { RoutePlan } from "./plan/edge.ts";

type Filter = (exchange: Exchange) => boolean;

/** What routes ask about a request besides its path: each distinct expression compiled once. */
export class RouteFilters {
  readonly #byAgent = new Map<string, Filter>();
  readonly #byFingerprint = new Map<string, Filter>();

  constructor(routes: readonly RoutePlan[]) {
    for (const { uaFilter, ja4h } of routes) {
      if (uaFilter !== undefined && !this.#byAgent.has(uaFilter)) {
        const matches = userAgentFilter(uaFilter);
        this.#byAgent.set(uaFilter, (exchange) => matches(exchange.fields.get("user-agent") ?? ""));
      }
      if (ja4h !== undefined && !this.#byFingerprint.has(ja4h)) {
        const matches = fingerprintFilter(ja4h);
        // Of what was received: the list that is forwarded has fields of our own.
        this.#byFingerprint.set(ja4h, (exchange) => matches(exchange.incoming));
      }
    }
  }

  /** Undefined where a route asks nothing. The agent first, for it costs less. */
  of({ uaFilter, ja4h }: RoutePlan): Filter | undefined {
    const agent = uaFilter === undefined ? undefined : this.#byAgent.get(uaFilter);
    const print = ja4h === undefined ? undefined : this.#byFingerprint.get(ja4h);
    return agent && print ? (exchange) => agent(exchange) && print(exchange) : (agent ?? print);
  }

  /** Where they decide who answers, an answer that was given to one kind of client must not be given to another. Undefined where there are none. */
  get varyBy(): ((exchange: Exchange) => string) | undefined {
    const all = [...this.#byAgent.values(), ...this.#byFingerprint.values()];
    return all.length === 0 ? undefined : (exchange) => all.map((matches) => (matches(exchange) ? "1" : "0")).join("");
  }
}
