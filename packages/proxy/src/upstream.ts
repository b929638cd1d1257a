import { addAbortListener } from "node:events";
import { type ClientLimits, type ClientPool, type ClientTimeouts, openPool } from "@mothership/http1";
import type { AbortOptions, Address, Closable, Deps } from "@mothership/kernel";
import { Breaker, type BreakerPolicy } from "./breaker.ts";
import { DrainedError } from "./errors.ts";
import { patience } from "./patience.ts";
import { RetryBudget, type RetryPolicy } from "./retry.ts";
import { type Placed, RunningList } from "./running-list.ts";
import { type ThrottledWarning, throttledWarning } from "./throttled-warning.ts";
import { type HoldPolicy, WaitingRoom } from "./waiting-room.ts";

/** One service that requests are forwarded to: plain data. */
export interface UpstreamSpec {
  /** Shown in logs, metrics and `Exchange.upstream`. */
  readonly name: string;
  readonly address: Address;
  /** Gets requests from the start. Default true; false for a process that is not ready yet. */
  readonly available?: boolean;
  /** Connections at a time; further requests wait. Default 256. */
  readonly maxConnections?: number;
  /** Requests that may wait for a connection; the next one gets 503. Default 1024. */
  readonly maxQueued?: number;
  readonly limits?: Partial<ClientLimits>;
  readonly timeouts?: Partial<ClientTimeouts>;
  /** Keep requests away while most of them fail; they get 503. Default: no breaker. */
  readonly breaker?: BreakerPolicy;
  /** How many requests may be sent a second time at once. Default: a fifth of those that run, and 3 in any case. */
  readonly retries?: RetryPolicy;
  /** How requests wait while it is restarted, which `Upstream.hold` announces. */
  readonly hold?: HoldPolicy;
  /** What a client is told to wait when the upstream is not available. Default 5. */
  readonly retryAfterSeconds?: number;
  /** Made by `breakerMemory`, for an upstream of the same service in each of several threads: they have one breaker. Default: alone. */
  readonly breakerMemory?: SharedArrayBuffer | undefined;
  /** How long `drain` and `close` wait for running requests when they are given no signal. Default 30,000. */
  readonly graceMs?: number;
}

/** Something that runs against an upstream: a request, or the tunnel that it became. */
export interface Running extends Placed {
  readonly isTunnel: boolean;
  /** Cuts it off; it leaves the upstream before this returns or soon after. */
  abort(reason: Error): void;
}

/** A running pool of connections to one service, and the count of what goes on there. Closing it drains it first. */
export class Upstream implements Closable {
  readonly name: string;
  /** For `forwardTo` alone: whatever else sends through it is neither counted nor drained. */
  readonly pool: ClientPool;
  readonly retryAfterSeconds: number;
  /** Undefined where the spec asks for none. For `forwardTo`, and for whoever shows its state. */
  readonly breaker: Breaker | undefined;
  /** For `forwardTo`. */
  readonly retries: RetryBudget;
  /** For `forwardTo`: where requests wait while `holding`. */
  readonly room: WaitingRoom;
  /** For `forwardTo`: says what of its requests fails. */
  readonly warn: ThrottledWarning;
  readonly #deps: Deps;
  readonly #graceMs: number;
  readonly #running = new RunningList<Running>();
  #waiters: (() => void)[] = [];
  #draining = 0;
  #available: boolean;
  #holding = false;

  constructor(spec: UpstreamSpec, pool: ClientPool, deps: Deps) {
    this.name = spec.name;
    this.pool = pool;
    this.breaker = spec.breaker && new Breaker(spec.breaker, deps.clock, spec.breakerMemory);
    this.retries = new RetryBudget(spec.retries);
    // They are all sent at once when it is back: more than the pool takes would wait for nothing.
    const most = (spec.maxConnections ?? 256) + (spec.maxQueued ?? 1024);
    this.room = new WaitingRoom({ ...spec.hold, maxHeld: Math.min(spec.hold?.maxHeld ?? 1_000, most) }, deps.clock);
    this.#available = spec.available ?? true;
    this.retryAfterSeconds = Math.max(1, Math.ceil(spec.retryAfterSeconds ?? 5));
    this.#graceMs = spec.graceMs ?? 30_000;
    this.warn = throttledWarning(deps.log.child({ upstream: spec.name }), deps.clock);
    this.#deps = deps;
  }

  /** Set from outside by whoever knows (a supervisor, a probe). False: new requests get 503; those that run go on. */
  get available(): boolean {
    return this.#available;
  }

  /**
   * Ends a hold: true sends the requests that wait, in their order, false answers them 503 at once.
   * The breaker stays as it is: whoever knows that another process serves now calls its `reset`.
   */
  set available(available: boolean) {
    this.#available = available;
    if (!this.#holding) return;
    this.#holding = false;
    this.room.empty(available ? "released" : "unavailable");
  }

  /**
   * It is about to be restarted: until `available` is set, new requests wait, so many and so long as the spec says. Without effect on those
   * that run. Call it before `drain`, which leaves it as it is. Where the spec lets none wait it is out of use, as with `available = false`.
   */
  hold(): void {
    this.#available = false;
    this.#holding = this.room.places > 0;
  }

  /** It is restarted and new requests wait. */
  get holding(): boolean {
    return this.#holding;
  }

  /** Requests that wait for the end of a restart. */
  get held(): number {
    return this.room.size;
  }

  /** Requests that have not ended, tunnels apart. */
  get inFlight(): number {
    return this.#running.size - this.tunnels;
  }

  get tunnels(): number {
    let count = 0;
    for (const one of this.#running) if (one.isTunnel) count++;
    return count;
  }

  /** A drain runs: nothing new may begin, and no tunnel may come out of a request that still runs. */
  get draining(): boolean {
    return this.#draining > 0;
  }

  /** Counts `running` until it leaves. */
  enter(running: Running): void {
    this.#running.add(running);
  }

  leave(running: Running): void {
    this.#running.delete(running);
    if (this.#running.size > 0) return;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /**
   * Takes it out of use and resolves when nothing runs against it: tunnels end at once, requests may finish until the
   * signal fires (without one: until the grace has passed), and are then cut off. Set `available` again to bring it back. Requests that wait
   * for the end of a restart are none that run.
   */
  async drain({ signal }: AbortOptions = {}): Promise<void> {
    if (!this.#holding) this.available = false;
    this.#draining++;
    try {
      // A tunnel may stay open for days. Waiting for it would only use up the grace of the others.
      for (const one of this.#running) if (one.isTunnel) one.abort(new DrainedError(`upstream "${this.name}"`));
      using limit = patience(`draining upstream "${this.name}"`, this.#graceMs, this.#deps.clock, signal);
      using _ = addAbortListener(limit.signal, () => {
        for (const one of this.#running) one.abort(new DrainedError(`upstream "${this.name}"`));
      });
      if (this.#running.size > 0) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    } finally {
      this.#draining--;
    }
  }

  async close(options: AbortOptions = {}): Promise<void> {
    this.available = false;
    await this.drain(options);
    await this.pool.close(options);
    this.warn[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Opens the pool of an upstream. No connection is made before the first request. */
export function openUpstream(spec: UpstreamSpec, deps: Deps): Upstream {
  const { address, maxConnections, maxQueued, limits, timeouts } = spec;
  const given = { ...(maxConnections !== undefined && { maxConnections }), ...(maxQueued !== undefined && { maxQueued }) };
  const pool = openPool({ address, ...given, ...(limits && { limits }), ...(timeouts && { timeouts }) }, deps);
  return new Upstream(spec, pool, deps);
}
