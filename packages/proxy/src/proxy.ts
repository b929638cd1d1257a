import type { ServerLimits, ServerTimeouts } from "@mothership/http1";
import {
  type AbortOptions,
  type Address,
  type Closable,
  type Deps,
  Emitter,
  emptyBody,
  Fields,
  type Handler,
  type Incoming,
  messageOf,
  type Subscribable,
} from "@mothership/kernel";
import { isForProxy, refusalOf } from "./admission.ts";
import type { Peer, TrustedProxies } from "./client.ts";
import { ClientCap } from "./client-cap.ts";
import type { SharedCountsPlace } from "./client-counts.ts";
import { type ErrorPages, type ErrorPagesSpec, readErrorPages } from "./error-pages.ts";
import type { ProxyEvents } from "./events.ts";
import { type ExchangeContext, ProxyExchange } from "./exchange.ts";
import type { ForwardingSpec } from "./headers.ts";
import type { Http2Limits } from "./http2-settings.ts";
import { idSource } from "./ids.ts";
import type { OnRequest } from "./listener.ts";
import { ListenerSet } from "./listener-set.ts";
import { patience } from "./patience.ts";
import { answers, reply } from "./reply.ts";
import { notFound } from "./router.ts";
import { canonicalPath } from "./target.ts";
import type { TlsSpec } from "./tls.ts";

/** A bind: where clients connect, and what is believed of them. Plain data. */
export interface ListenerSpec {
  /** Unique; routes name it. */
  readonly name: string;
  /** Port 0 takes a free one, see `Proxy.address`. */
  readonly address: Address;
  /**
   * Threads listen on one port together, and the system spreads connections over them (SO_REUSEPORT): the `first` opens it, which fails
   * where somebody else listens already, `further` ones join. Of TCP alone, and not on every system (macOS, Windows: the bind fails).
   */
  readonly sharesPort?: "first" | "further";
  /** Permissions of a Unix socket's file, for example 0o660. Default: what the umask leaves. */
  readonly mode?: number;
  /** Connections at a time; further ones are closed at once. Default 16,384. */
  readonly maxConnections?: number;
  /** Plain HTTP comes here from something that ended TLS for its clients: they count as secure. Default false. */
  readonly secure?: boolean;
  /** Forwarders whose X-Forwarded-* and X-Request-Id are believed: addresses, networks, `unix`. Default none. */
  readonly trustedProxies?: readonly string[];
  /**
   * Connections begin with a PROXY protocol header (version 1 or 2) that says who the client is. `required`: all. `from`: all from these
   * addresses and networks, none from others. `auto`: those that begin like one; only for binds that nobody but a balancer reaches, for
   * whoever connects can then pretend to be anybody. Default: none.
   */
  readonly proxyProtocol?: "auto" | "required" | { readonly from: readonly string[] };
  /** End TLS here. Default: plain HTTP. */
  readonly tls?: TlsSpec;
  /** Limits of HTTP/2, which is offered to every client where there is `tls`; false offers HTTP/1.1 only. */
  readonly http2?: false | Partial<Http2Limits>;
  /** Protocols that clients may upgrade to, lower case. Default `["websocket"]`. */
  readonly upgrades?: readonly string[];
  readonly limits?: Partial<ServerLimits>;
  readonly timeouts?: Partial<ServerTimeouts>;
}

export interface ProxySpec {
  readonly listeners: readonly ListenerSpec[];
  readonly forwarding?: ForwardingSpec;
  /**
   * Connections at a time of one client over all listeners; further ones are closed at once. Counted by address, IPv6 by /64; not counted
   * are trusted proxies and Unix sockets, behind which are many clients. Default: any number.
   */
  readonly maxConnectionsPerClient?: number;
  /** Memory made by `clientCountsMemory`, for proxies with the same cap in several threads: they count a client's connections together. Default: alone. */
  readonly clientCounts?: SharedCountsPlace | undefined;
  /** Default: short answers in text, JSON or HTML. */
  readonly errorPages?: ErrorPagesSpec;
  /** How long `close` waits for running requests when it is given no signal. Default 30,000. */
  readonly graceMs?: number;
}

/** Running listeners and the handler that everything they take in goes to. */
export interface Proxy extends Closable {
  readonly events: Subscribable<ProxyEvents>;
  /** Open client connections, tunnels included. */
  readonly connections: number;
  /** Requests that have not ended, tunnels apart. */
  readonly inFlight: number;
  /** Where a listener really listens: with port 0 in the spec, the port it got. @throws {RangeError} for a name that is not in the spec. */
  address(listener: string): Address;
  /** From the next request on, `handler` answers. Requests that run stay with the one that began them. */
  replace(handler: Handler): void;
  /**
   * Does all that may fail of going over to another spec: opens new listeners, reads new certificates and error pages. A listener whose
   * address stays keeps its socket and its connections, whatever else changes. One change at a time.
   *
   * @throws what `openProxy` throws; then nothing has changed.
   */
  prepare(spec: Omit<ProxySpec, "graceMs">, options?: AbortOptions): Promise<ProxyChange>;
}

/** A change that is ready: exactly one of the two is called, once. */
export interface ProxyChange {
  /**
   * In force at once, with this handler. New listeners take those who have connected meanwhile. Listeners that are gone stop accepting and
   * drain by themselves as in `close`, for as long as the grace.
   */
  commit(handler: Handler): void;
  /** Closes what was opened for it. */
  abandon(): Promise<void>;
}

/**
 * Opens all listeners of `spec`, or none and throws. Every request goes to `handler`, whose errors become 500 or a cut connection.
 *
 * `close` stops accepting, ends tunnels and idle connections, lets running requests finish with `Connection: close` until the
 * signal fires (without one: until the grace has passed), and cuts off what is left.
 *
 * @throws {BindInUseError} | {BindDeniedError} | {BindFailedError} | {TlsCertificateError} naming the bind; {TrustedProxyError} | {ErrorPagesError}
 */
export async function openProxy(spec: ProxySpec, handler: Handler, deps: Deps, options: AbortOptions = {}): Promise<Proxy> {
  const proxy = new RunningProxy(spec.graceMs ?? 30_000, deps);
  const change = await proxy.prepare(spec, options);
  change.commit(handler);
  return proxy;
}

class RunningProxy implements Proxy {
  readonly #emitter: Emitter<ProxyEvents>;
  readonly #listeners: ListenerSet;
  readonly #deps: Deps;
  readonly #graceMs: number;
  readonly #nextId = idSource();
  readonly #ended = (): void => {
    this.#inFlight--;
  };
  #forwarding: ForwardingSpec = {};
  #cap: ClientCap | undefined;
  #handler: Handler = notFound;
  #inFlight = 0;

  constructor(graceMs: number, deps: Deps) {
    this.#deps = deps;
    this.#graceMs = graceMs;
    this.#emitter = new Emitter((error) => deps.log.error("a listener of proxy events failed", { reason: messageOf(error) }));
    this.#listeners = new ListenerSet(graceMs, this.#emitter, deps);
  }

  get events(): Subscribable<ProxyEvents> {
    return this.#emitter;
  }

  get connections(): number {
    return this.#listeners.connections;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  address(name: string): Address {
    return this.#listeners.address(name);
  }

  replace(handler: Handler): void {
    this.#handler = handler;
  }

  async prepare(spec: Omit<ProxySpec, "graceMs">, options: AbortOptions = {}): Promise<ProxyChange> {
    const errorPages = spec.errorPages && (await readErrorPages(spec.errorPages));
    const listeners = await this.#listeners.prepare(spec.listeners, options);
    return {
      commit: (handler) => {
        this.#handler = handler;
        this.#forwarding = spec.forwarding ?? {};
        this.#cap = this.#capOf(spec.maxConnectionsPerClient, spec.clientCounts);
        listeners.commit(({ name }, trusted) => this.#onRequestOf(name, trusted, errorPages), this.#cap);
      },
      abandon: () => listeners.abandon(),
    };
  }

  async close({ signal }: AbortOptions = {}): Promise<void> {
    using limit = patience("draining the proxy", this.#graceMs, this.#deps.clock, signal);
    await this.#listeners.close(limit.signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Connections that there are stay counted. */
  #capOf(max: number | undefined, counts: SharedCountsPlace | undefined): ClientCap | undefined {
    if (max === undefined) return undefined;
    if (!this.#cap) return new ClientCap(max, counts);
    this.#cap.max = max;
    return this.#cap;
  }

  #onRequestOf(bind: string, trusted: TrustedProxies, errorPages: ErrorPages | undefined): OnRequest {
    const { log } = this.#deps;
    const context: ExchangeContext = { bind, trusted, forwarding: this.#forwarding, log, errorPages, nextId: this.#nextId };
    return (incoming, peer, misdirected) => this.#handle(incoming, peer, misdirected, context);
  }

  #handle(incoming: Incoming, peer: Peer, misdirected: boolean, context: ExchangeContext): void {
    const { target } = incoming;
    const mark = target.indexOf("?");
    const path = canonicalPath(mark === -1 ? target : target.slice(0, mark));
    const known = typeof path === "string";
    const exchange = new ProxyExchange(incoming, known ? path : "/", mark === -1 ? "" : target.slice(mark), peer, context);
    this.#inFlight++;
    exchange.onFinished(this.#ended);
    const refusal = misdirected ? answers.misdirected : known ? refusalOf(incoming, this.#forwarding.via) : answers.badTarget;
    if (isForProxy(incoming)) exchange.respond({ status: 204, fields: Fields.from(answers.methodRefused.fields) }, emptyBody);
    else if (refusal) reply(exchange, refusal);
    else this.#run(exchange);
  }

  #run(exchange: ProxyExchange): void {
    try {
      // A handler that answers at once costs no promise.
      this.#handler(exchange)?.catch((error: unknown) => exchange.fail(error));
    } catch (error) {
      exchange.fail(error);
    }
  }
}
