import { staticFiles } from "@mothership/filters";
import { type AbortOptions, type Closable, compose, type Deps, formatAddress, type Handler } from "@mothership/kernel";
import { createRouter, forwardTo, openProxy, openUpstream, type Upstream } from "@mothership/proxy";
import type { EdgePlan } from "./plan/edge.ts";

/** The running request path. Knows what its plan says and which upstreams are available; nothing else reaches it. */
export interface Edge extends Closable {
  readonly listening: readonly { readonly bind: string; readonly address: string }[];
  /** Whether an upstream gets requests. Names that are no upstream are ignored: not every process has routes. */
  setAvailable(upstream: string, available: boolean): void;
  /** Takes an upstream out of use and resolves when nothing runs against it; what still runs when the signal fires is cut off. */
  drain(upstream: string, options: AbortOptions): Promise<void>;
}

/**
 * Builds the whole request path from one plain plan and opens its listeners. Every upstream begins unavailable.
 *
 * @throws what `openProxy` throws, naming the bind; then nothing is open.
 */
export async function openEdge(plan: EdgePlan, deps: Deps): Promise<Edge> {
  const upstreams = new Map(plan.upstreams.map((spec) => [spec.name, openUpstream({ ...spec, available: false }, deps)]));
  const proxy = await openProxy({ listeners: plan.listeners }, requestPath(plan, upstreams, deps), deps);
  const edge: Edge = {
    listening: plan.listeners.map(({ name }) => ({ bind: name, address: formatAddress(proxy.address(name)) })),
    setAvailable(name, available) {
      const upstream = upstreams.get(name);
      if (upstream) upstream.available = available;
    },
    drain: async (name, options) => await upstreams.get(name)?.drain(options),
    async close(options) {
      await proxy.close(options);
      await Promise.all(Array.from(upstreams.values(), (upstream) => upstream.close(options)));
    },
    [Symbol.asyncDispose]: () => edge.close(),
  };
  return edge;
}

/** The life of a request, in the order in which it happens. */
function requestPath(plan: EdgePlan, upstreams: ReadonlyMap<string, Upstream>, deps: Deps): Handler {
  const forward = new Map(Array.from(upstreams, ([name, upstream]) => [name, forwardTo(upstream, deps)]));
  const routes = plan.routes.flatMap(({ upstream, ...route }) => {
    const to = forward.get(upstream);
    return to ? [{ ...route, to }] : [];
  });
  return compose([...(plan.staticDirectories.length > 0 ? [staticFiles(plan.staticDirectories, deps)] : [])], createRouter(routes));
}
