import { addAbortListener } from "node:events";
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
import { type Peer, trustedProxies } from "./client.ts";
import { ClientCap } from "./client-cap.ts";
import { type ErrorPages, type ErrorPagesSpec, readErrorPages } from "./error-pages.ts";
import type { ProxyEvents } from "./events.ts";
import { type ExchangeContext, ProxyExchange } from "./exchange.ts";
import type { ForwardingSpec } from "./headers.ts";
import type { Http2Limits } from "./http2-settings.ts";
import { idSource } from "./ids.ts";
import { type HeaderRule, Listener, type OnRequest } from "./listener.ts";
import { patience } from "./patience.ts";
import { answers, reply } from "./reply.ts";
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
}

/**
 * Opens all listeners of `spec`, or none and throws. Every request goes to `handler`, whose errors become 500 or a cut connection.
 *
 * `close` stops accepting, ends tunnels and idle connections, lets running requests finish with `Connection: close` until the
 * signal fires (without one: until the grace has passed), and cuts off what is left.
 *
 * @throws {BindInUseError} | {BindDeniedError} | {BindFailedError} | {TlsCertificateError} naming the bind; {TrustedProxyError} | {ErrorPagesError}
 */
export async function openProxy(spec: ProxySpec, handler: Handler, deps: Deps, { signal }: AbortOptions = {}): Promise<Proxy> {
  const errorPages = spec.errorPages && (await readErrorPages(spec.errorPages));
  const proxy = new RunningProxy(spec, errorPages, handler, deps);
  try {
    for (const listener of spec.listeners) {
      signal?.throwIfAborted();
      await proxy.listen(listener);
    }
    return proxy;
  } catch (error) {
    await proxy.close({ signal: AbortSignal.abort() });
    throw error;
  }
}

/** @throws {TrustedProxyError} */
function headerRule(rule: ListenerSpec["proxyProtocol"]): HeaderRule {
  if (rule === undefined) return () => undefined;
  if (typeof rule === "string") return () => (rule === "auto" ? "optional" : "required");
  const senders = trustedProxies(rule.from);
  return (address) => (senders.has(address) ? "required" : undefined);
}

/** True for a TCP address that other machines may reach. */
function isReachable(address: Address): boolean {
  return address.kind === "tcp" && address.host !== "localhost" && address.host !== "::1" && !address.host.startsWith("127.");
}

class RunningProxy implements Proxy {
  readonly #emitter: Emitter<ProxyEvents>;
  readonly #listeners = new Map<string, Listener>();
  readonly #deps: Deps;
  readonly #graceMs: number;
  readonly #forwarding: ForwardingSpec;
  readonly #cap: ClientCap | undefined;
  readonly #errorPages: ErrorPages | undefined;
  readonly #nextId = idSource();
  readonly #ended = (): void => {
    this.#inFlight--;
  };
  #handler: Handler;
  #inFlight = 0;

  constructor(spec: ProxySpec, errorPages: ErrorPages | undefined, handler: Handler, deps: Deps) {
    this.#errorPages = errorPages;
    this.#handler = handler;
    this.#deps = deps;
    this.#graceMs = spec.graceMs ?? 30_000;
    this.#forwarding = spec.forwarding ?? {};
    this.#cap = spec.maxConnectionsPerClient === undefined ? undefined : new ClientCap(spec.maxConnectionsPerClient);
    this.#emitter = new Emitter((error) => deps.log.error("a listener of proxy events failed", { reason: messageOf(error) }));
  }

  get events(): Subscribable<ProxyEvents> {
    return this.#emitter;
  }

  get connections(): number {
    return this.#listeners.values().reduce((sum, listener) => sum + listener.connections, 0);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  address(name: string): Address {
    const listener = this.#listeners.get(name);
    if (!listener) throw new RangeError(`There is no listener "${name}"`);
    return listener.address;
  }

  replace(handler: Handler): void {
    this.#handler = handler;
  }

  /** Opens one more listener. */
  async listen(spec: ListenerSpec): Promise<void> {
    const { name, address, secure = false, proxyProtocol } = spec;
    if (this.#listeners.has(name)) throw new RangeError(`There are two listeners "${name}"`);
    const trusted = trustedProxies(spec.trustedProxies ?? []);
    const context: ExchangeContext = {
      bind: name,
      trusted,
      forwarding: this.#forwarding,
      log: this.#deps.log,
      errorPages: this.#errorPages,
      nextId: this.#nextId,
    };
    const peers = { headerOf: headerRule(proxyProtocol), trusted, secure, cap: this.#cap };
    const onRequest: OnRequest = (incoming, peer, misdirected) => this.#handle(incoming, peer, misdirected, context);
    const listener = new Listener({ maxConnections: 16_384, ...spec }, peers, onRequest, this.#emitter, this.#deps);
    await listener.open();
    this.#listeners.set(name, listener);
    if (proxyProtocol === "auto" && isReachable(address))
      this.#deps.log.warn(
        "whoever reaches this bind can pretend to be any client: require the PROXY protocol header, or name its senders",
        {
          bind: name,
        },
      );
  }

  async close({ signal }: AbortOptions = {}): Promise<void> {
    using limit = patience("draining the proxy", this.#graceMs, this.#deps.clock, signal);
    using _ = addAbortListener(limit.signal, () => {
      for (const listener of this.#listeners.values()) listener.force();
    });
    await Promise.all(this.#listeners.values().map((listener) => listener.drain(limit.signal)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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
