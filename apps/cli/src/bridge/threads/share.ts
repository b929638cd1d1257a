/** What a plan becomes where several threads carry it out. Pure, but for the memory that is made. */
import { isDeepStrictEqual } from "node:util";
import { rateLimitMemory } from "@mothership/filters";
import { breakerMemory, clientCountsMemory, forgetCounts, type ListenerSpec, ticketMemory } from "@mothership/proxy";
import type { EdgePlan, UpstreamPlan } from "../plan/edge.ts";

/** A plan with what belongs to it alone. */
interface Shared<T> {
  readonly asked: T;
  readonly memory: SharedArrayBuffer;
}

/** Memory that threads have in common, kept from one plan to the next where what it is for stays the same. */
export class SharedMemory {
  #rateLimit: Shared<EdgePlan["rateLimit"]> | undefined;
  #breakers: ReadonlyMap<string, Shared<UpstreamPlan>> = new Map();
  /** Of binds, by name. */
  #tickets = new Map<string, SharedArrayBuffer>();
  #clientCounts: SharedArrayBuffer | undefined;

  /** How it is now: what is returned goes back to that, for a plan that comes to nothing. */
  mark(): () => void {
    const [rateLimit, breakers, tickets] = [this.#rateLimit, this.#breakers, new Map(this.#tickets)];
    return () => {
      this.#rateLimit = rateLimit;
      this.#breakers = breakers;
      this.#tickets = tickets;
    };
  }

  /**
   * The plan as each of `threads` carries it out: limits of connections divided, so that all together keep to what was asked for; limits of
   * one client and breakers in common memory. Ports are shared.
   */
  planFor(plan: EdgePlan, threads: number): EdgePlan {
    const { rateLimit } = plan;
    if (!rateLimit) this.#rateLimit = undefined;
    else if (!isDeepStrictEqual(this.#rateLimit?.asked, rateLimit)) this.#rateLimit = { asked: rateLimit, memory: rateLimitMemory() };
    const before = this.#breakers;
    const breakers = new Map<string, Shared<UpstreamPlan>>();
    for (const upstream of plan.upstreams) {
      if (!upstream.breaker) continue;
      const known = before.get(upstream.name);
      const same = known && isDeepStrictEqual(known.asked, upstream);
      breakers.set(upstream.name, same ? known : { asked: upstream, memory: breakerMemory() });
    }
    this.#breakers = breakers;
    for (const name of this.#tickets.keys()) if (!plan.listeners.some((listener) => listener.name === name)) this.#tickets.delete(name);
    if (plan.proxy.maxConnectionsPerClient !== undefined) this.#clientCounts ??= clientCountsMemory(threads);
    return {
      ...plan,
      proxy: { ...plan.proxy, ...(this.#clientCounts && { clientCounts: { memory: this.#clientCounts, thread: 0 } }) },
      listeners: plan.listeners.map((listener) => (listener.address.kind === "tcp" ? this.#listener(listener, threads) : listener)),
      upstreams: plan.upstreams.map((upstream) => ({
        ...upstream,
        ...(upstream.maxConnections !== undefined && { maxConnections: partOf(upstream.maxConnections, threads) }),
        ...(upstream.maxQueued !== undefined && { maxQueued: partOf(upstream.maxQueued, threads) }),
        ...(upstream.hold?.maxHeld !== undefined && { hold: { ...upstream.hold, maxHeld: partOf(upstream.hold.maxHeld, threads) } }),
        ...(upstream.breaker && { breakerMemory: breakers.get(upstream.name)?.memory }),
      })),
      ...(plan.preflightCache && {
        preflightCache: { ...plan.preflightCache, maxEntries: partOf(plan.preflightCache.maxEntries, threads) },
      }),
      ...(rateLimit && this.#rateLimit && { rateLimit: { ...rateLimit, memory: this.#rateLimit.memory } }),
    };
  }

  /** This one, from 2, is gone and its connections with it. */
  threadEnded(thread: number): void {
    if (this.#clientCounts) forgetCounts({ memory: this.#clientCounts, thread: thread - 1 });
  }

  #listener(listener: ListenerSpec, threads: number): ListenerSpec {
    const { name, maxConnections, tls } = listener;
    const tickets = this.#tickets.get(name) ?? ticketMemory();
    if (tls) this.#tickets.set(name, tickets);
    return {
      ...listener,
      sharesPort: "first",
      ...(maxConnections !== undefined && { maxConnections: partOf(maxConnections, threads) }),
      ...(tls && { tls: { ...tls, ticketMemory: tickets } }),
    };
  }
}

/**
 * The plan of a further thread. `ports`: of each bind on TCP whose port the system was to choose, the one that it really has. A Unix socket has one
 * listener, which is the main thread; so has a port that the system chose and nobody knows yet.
 */
export function furtherPlan(plan: EdgePlan, ports: ReadonlyMap<string, number>): EdgePlan {
  const listeners = plan.listeners.flatMap((listener): ListenerSpec[] => {
    const { address, name } = listener;
    if (address.kind !== "tcp") return [];
    const port = address.port === 0 ? ports.get(name) : address.port;
    if (port === undefined) return [];
    return [{ ...listener, address: { ...address, port }, sharesPort: "further" }];
  });
  return { ...plan, listeners };
}

/** What is said of a thread in the plan of all, said of this one, from 2. */
export function planOfThread(plan: EdgePlan, thread: number): EdgePlan {
  const { clientCounts } = plan.proxy;
  return clientCounts ? { ...plan, proxy: { ...plan.proxy, clientCounts: { ...clientCounts, thread: thread - 1 } } } : plan;
}

/** The system spreads connections by chance, so a part may be full before the whole is. */
function partOf(limit: number, threads: number): number {
  return Math.ceil(limit / threads);
}
