import { addAbortListener } from "node:events";
import { type AbortOptions, type Address, type Deps, type Emitter, formatAddress } from "@mothership/kernel";
import { type TrustedProxies, trustedProxies } from "./client.ts";
import type { ClientCap } from "./client-cap.ts";
import { BindInUseError } from "./errors.ts";
import type { ProxyEvents } from "./events.ts";
import { type HeaderRule, Listener, type OnRequest, type PeerSpec } from "./listener.ts";
import { patience } from "./patience.ts";
import type { ListenerSpec } from "./proxy.ts";
import type { TlsTerminator } from "./tls.ts";

/** One listener as it is to be: opened for it, or there already. */
interface Place {
  readonly spec: ListenerSpec;
  readonly listener: Listener;
  readonly isNew: boolean;
  readonly peers: Omit<PeerSpec, "cap">;
  readonly tls: TlsTerminator | undefined;
}

/** Listeners that are ready to take the place of those in use: exactly one of the two is called, once. */
export interface ListenerChange {
  /** In force at once; those that are in it no more drain by themselves. */
  commit(onRequestOf: (spec: ListenerSpec, trusted: TrustedProxies) => OnRequest, cap: ClientCap | undefined): void;
  /** Closes what was opened for it. */
  abandon(): Promise<void>;
}

const defaultMaxConnections = 16_384;

/** All listeners of a proxy: which there are, and those that are on their way out. */
export class ListenerSet {
  readonly #events: Emitter<ProxyEvents>;
  readonly #deps: Deps;
  readonly #graceMs: number;
  #current: readonly { readonly spec: ListenerSpec; readonly listener: Listener }[] = [];
  readonly #leaving = new Map<Listener, Promise<void>>();
  /** Changes that are neither in force nor abandoned, by the way to abandon them. */
  readonly #pending = new Set<() => Promise<void>>();
  #isClosing = false;

  constructor(graceMs: number, events: Emitter<ProxyEvents>, deps: Deps) {
    this.#graceMs = graceMs;
    this.#events = events;
    this.#deps = deps;
  }

  /** Those on their way out too. */
  get connections(): number {
    return this.#all.reduce((sum, listener) => sum + listener.connections, 0);
  }

  /** @throws {RangeError} */
  address(name: string): Address {
    const found = this.#current.find(({ spec }) => spec.name === name);
    if (!found) throw new RangeError(`There is no listener "${name}"`);
    return found.listener.address;
  }

  /**
   * Opens the listeners whose addresses are not listened on yet, and reads certificates that are new. Where an address stays, so does its
   * socket, whatever else is said of it. Who connects to a new listener waits for the commit.
   *
   * @throws what `openProxy` throws of listeners; then nothing is left of it.
   */
  async prepare(specs: readonly ListenerSpec[], { signal }: AbortOptions = {}): Promise<ListenerChange> {
    const names = new Set<string>();
    for (const { name } of specs) {
      if (names.has(name)) throw new RangeError(`There are two listeners "${name}"`);
      names.add(name);
    }
    const free = [...this.#current];
    const take = (spec: ListenerSpec): Listener | undefined => {
      const same = free.filter((one) => isSameSocket(one.spec, spec));
      const found = same.find((one) => one.spec.name === spec.name) ?? same[0];
      if (found) free.splice(free.indexOf(found), 1);
      return found?.listener;
    };
    const places: Place[] = [];
    const abandon = async (): Promise<void> => {
      if (!this.#pending.delete(abandon)) return;
      for (const { listener, tls } of places) if (listener.isNew(tls)) tls?.[Symbol.dispose]();
      await Promise.all(places.flatMap(({ listener, isNew }) => (isNew ? [listener.abandon()] : [])));
    };
    this.#pending.add(abandon);
    try {
      for (const spec of specs) {
        signal?.throwIfAborted();
        places.push(await this.#place(spec, take(spec)));
        if (this.#isClosing) throw new Error("The proxy is closing");
      }
    } catch (error) {
      // Whoever closes has abandoned what was there then.
      this.#pending.add(abandon);
      await abandon();
      throw error;
    }
    return {
      abandon,
      commit: (onRequestOf, cap) => {
        // Abandoned already: by its owner, or because the proxy closes.
        if (!this.#pending.delete(abandon)) return;
        this.#warnOfGuesses(places);
        for (const { spec, listener, peers, tls } of places)
          listener.use({ spec: complete(spec), peers: { ...peers, cap }, onRequest: onRequestOf(spec, peers.trusted), tls });
        const kept = new Set(places.map(({ listener }) => listener));
        for (const { listener } of this.#current) if (!kept.has(listener)) this.#retire(listener);
        this.#current = places.map(({ spec, listener }) => ({ spec, listener }));
      },
    };
  }

  /** Abandons changes that are not in force, and drains all listeners; `signal` ends the patience. */
  async close(signal: AbortSignal): Promise<void> {
    const force = (): void => {
      for (const listener of this.#all) listener.force();
    };
    using _ = addAbortListener(signal, force);
    if (signal.aborted) force();
    this.#isClosing = true;
    await Promise.all(Array.from(this.#pending, (abandon) => abandon()));
    await Promise.all([...this.#current.map(({ listener }) => listener.drain(signal)), ...this.#leaving.values()]);
  }

  get #all(): readonly Listener[] {
    return [...this.#current.map(({ listener }) => listener), ...this.#leaving.keys()];
  }

  async #place(spec: ListenerSpec, there: Listener | undefined): Promise<Place> {
    const trusted = trustedProxies(spec.trustedProxies ?? []);
    const peers = { headerOf: headerRule(spec.proxyProtocol), trusted, secure: spec.secure ?? false };
    const listener = there ?? new Listener(complete(spec), this.#events, this.#deps);
    const tls = await listener.tlsFor(complete(spec));
    if (!there) {
      try {
        await listener.open();
      } catch (error) {
        tls?.[Symbol.dispose]();
        throw this.#inTheWay(spec, error) ?? error;
      }
    }
    return { spec, listener, isNew: !there, peers, tls };
  }

  /** Where it is a listener of our own that has the port, under another host: it leaves only when the new one is there. */
  #inTheWay({ name, address }: ListenerSpec, error: unknown): Error | undefined {
    if (!(error instanceof BindInUseError) || address.kind !== "tcp") return undefined;
    const own = this.#current.find(({ spec }) => spec.address.kind === "tcp" && spec.address.port === address.port);
    const reason = `the bind "${own?.spec.name}" of before listens on that port until this one does; use another port, or start anew`;
    return own && new BindInUseError(name, address, reason, { cause: error });
  }

  #retire(listener: Listener): void {
    const drain = async (): Promise<void> => {
      using limit = patience("draining a listener", this.#graceMs, this.#deps.clock, undefined);
      using _ = addAbortListener(limit.signal, () => listener.force());
      await listener.drain(limit.signal);
    };
    this.#leaving.set(
      listener,
      drain().finally(() => this.#leaving.delete(listener)),
    );
  }

  #warnOfGuesses(places: readonly Place[]): void {
    for (const { spec } of places) {
      const { name, address, proxyProtocol } = spec;
      const said = this.#current.some((one) => one.spec.name === name && one.spec.proxyProtocol === "auto" && isSameSocket(one.spec, spec));
      if (proxyProtocol === "auto" && isReachable(address) && !said)
        this.#deps.log.warn(
          "whoever reaches this bind can pretend to be any client: require the PROXY protocol header, or name its senders",
          { bind: name },
        );
    }
  }
}

function complete(spec: ListenerSpec): ListenerSpec & { readonly maxConnections: number } {
  return { ...spec, maxConnections: spec.maxConnections ?? defaultMaxConnections };
}

/** What is bound is the same; all else can change while it is open. */
function isSameSocket(one: ListenerSpec, other: ListenerSpec): boolean {
  return formatAddress(one.address) === formatAddress(other.address) && one.sharesPort === other.sharesPort;
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
