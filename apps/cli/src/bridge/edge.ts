import { staticFiles } from "@mothership/filters";
import { type AbortOptions, type Closable, compose, type Deps, formatAddress, type Handler } from "@mothership/kernel";
import { createRouter, forwardTo, openProxy, openUpstream, type Upstream } from "@mothership/proxy";
import type { EdgePlan, UpstreamPlan } from "./plan/edge.ts";

/** The running request path. Knows what its plan says and which upstreams are available; nothing else reaches it. */
export interface Edge extends Closable {
  readonly listening: readonly { readonly bind: string; readonly address: string }[];
  /** Whether an upstream gets requests. Names that are no upstream are ignored: not every process has routes. */
  setAvailable(upstream: string, available: boolean): void;
  /** Takes an upstream out of use and resolves when nothing runs against it; what still runs when the signal fires is cut off. */
  drain(upstream: string, options: AbortOptions): Promise<void>;
  /**
   * From the next request on this plan is in force; requests that run finish by the old one. Upstreams whose address did not change go on
   * as they are, new ones begin unavailable. The listeners stay as they were.
   */
  replace(plan: EdgePlan): void;
}

/**
 * Builds the whole request path from one plain plan and opens its listeners. Every upstream begins unavailable.
 *
 * @throws what `openProxy` throws, naming the bind; then nothing is open.
 */
export async function openEdge(plan: EdgePlan, deps: Deps): Promise<Edge> {
  let upstreams = openUpstreams(plan.upstreams, new Map(), deps);
  const leaving = new Set<Promise<void>>();
  const proxy = await openProxy({ listeners: plan.listeners }, requestPath(plan, upstreams, deps), deps);
  const retire = (upstream: Upstream): void => {
    const closed = upstream.close().finally(() => leaving.delete(closed));
    leaving.add(closed);
  };
  const edge: Edge = {
    listening: plan.listeners.map(({ name }) => ({ bind: name, address: formatAddress(proxy.address(name)) })),
    setAvailable(name, available) {
      const one = upstreams.get(name);
      if (one) one.upstream.available = available;
    },
    drain: async (name, options) => await upstreams.get(name)?.upstream.drain(options),
    replace(next) {
      const before = upstreams;
      upstreams = openUpstreams(next.upstreams, before, deps);
      proxy.replace(requestPath(next, upstreams, deps));
      const kept = new Set(Array.from(upstreams.values(), (one) => one.upstream));
      for (const { upstream } of before.values()) if (!kept.has(upstream)) retire(upstream);
    },
    async close(options) {
      await proxy.close(options);
      await Promise.all([...Array.from(upstreams.values(), ({ upstream }) => upstream.close(options)), ...leaving]);
    },
    [Symbol.asyncDispose]: () => edge.close(),
  };
  return edge;
}

interface OpenUpstream {
  readonly address: string;
  readonly upstream: Upstream;
}

/** One upstream for each of the plan: that of `before` where its address is the same. */
function openUpstreams(
  plans: readonly UpstreamPlan[],
  before: ReadonlyMap<string, OpenUpstream>,
  deps: Deps,
): ReadonlyMap<string, OpenUpstream> {
  return new Map(
    plans.map((spec) => {
      const address = formatAddress(spec.address);
      const known = before.get(spec.name);
      const open = known?.address === address ? known : { address, upstream: openUpstream({ ...spec, available: false }, deps) };
      return [spec.name, open];
    }),
  );
}

/** The life of a request, in the order in which it happens. */
function requestPath(plan: EdgePlan, upstreams: ReadonlyMap<string, OpenUpstream>, deps: Deps): Handler {
  const forward = new Map(Array.from(upstreams, ([name, { upstream }]) => [name, forwardTo(upstream, deps)]));
  const routes = plan.routes.flatMap(({ upstream, ...route }) => {
    const to = forward.get(upstream);
    return to ? [{ ...route, to }] : [];
  });
  return compose([...(plan.staticDirectories.length > 0 ? [staticFiles(plan.staticDirectories, deps)] : [])], createRouter(routes));
}
