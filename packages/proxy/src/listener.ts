import type { Server, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isDeepStrictEqual } from "node:util";
import { type Refusal, type ServerSpec, serveConnection } from "@mothership/http1";
import { type Address, type Deps, type Emitter, type Incoming, messageOf } from "@mothership/kernel";
import { hostOf } from "./authority.ts";
import { bindSocket, type SocketSpec, setPermissions } from "./bind.ts";
import { type Peer, plainAddress, type TrustedProxies } from "./client.ts";
import type { ClientCap } from "./client-cap.ts";
import { Connection } from "./connection.ts";
import type { ProxyEvents } from "./events.ts";
import { serveHttp2 } from "./http2-connection.ts";
import type { Http2Limits } from "./http2-settings.ts";
import { type Preamble, readPreamble } from "./preamble.ts";
import { RunningList } from "./running-list.ts";
import { type ThrottledWarning, throttledWarning } from "./throttled-warning.ts";
import { openTls, type TlsSpec, type TlsTerminator } from "./tls.ts";

/** What a listener needs besides its socket. */
export type ConnectionSpec = Pick<ServerSpec, "limits" | "timeouts" | "upgrades"> & {
  readonly tls?: TlsSpec | undefined;
  readonly http2?: false | Partial<Http2Limits> | undefined;
};

/** How the other end of each connection is judged. */
export interface PeerSpec {
  readonly headerOf: HeaderRule;
  readonly trusted: TrustedProxies;
  readonly secure: boolean;
  /** Undefined where a client may have any number of connections. */
  readonly cap: ClientCap | undefined;
}

/** Which connections begin with a PROXY protocol header: undefined for none, else whether it may be missing. */
export type HeaderRule = (address: string) => "optional" | "required" | undefined;

/** A request of a listener. `misdirected`: the host is served under another certificate than the connection it came on (RFC 9110, 15.5.20). */
export type OnRequest = (incoming: Incoming, peer: Peer, misdirected: boolean) => void;

/** What holds for the connections of a listener; changes as a whole. */
export interface ListenerSettings {
  readonly spec: SocketSpec & ConnectionSpec;
  readonly peers: PeerSpec;
  readonly onRequest: OnRequest;
  /** From `tlsFor`; the listener owns it. */
  readonly tls: TlsTerminator | undefined;
}

/** One bound socket and its connections. */
export class Listener {
  readonly #events: Emitter<ProxyEvents>;
  readonly #deps: Deps;
  readonly #warn: ThrottledWarning;
  readonly #connections = new RunningList<Connection>();
  #spec: SocketSpec & ConnectionSpec;
  #settings: ListenerSettings | undefined;
  /** Connections that came before it was told what to do with them. */
  #early: Socket[] = [];
  #server: Server | undefined;
  #closed: Promise<void> = Promise.resolve();

  constructor(spec: SocketSpec & ConnectionSpec, events: Emitter<ProxyEvents>, deps: Deps) {
    this.#spec = spec;
    this.#events = events;
    this.#deps = deps;
    this.#warn = throttledWarning(deps.log, deps.clock);
  }

  get name(): string {
    return this.#spec.name;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get address(): Address {
    const { address } = this.#spec;
    const bound = this.#server?.address();
    // null when closed, a string for a Unix socket.
    return address.kind === "tcp" && typeof bound === "object" && bound ? { ...address, port: bound.port } : address;
  }

  /** Binds its address. Who connects waits until `use`. Nothing is left of it after a throw. */
  async open(): Promise<void> {
    const server = await bindSocket(this.#spec, (socket) => this.#accept(socket), this.#deps.clock);
    this.#server = server;
    this.#closed = new Promise((resolve) => server.once("close", resolve));
    server.on("drop", () => this.#turnAway("", "the listener has as many as it may"));
  }

  /** How TLS is to be ended for this spec: as it is, where nothing about that changes. @throws {TlsCertificateError} */
  async tlsFor({ name, tls, http2 }: SocketSpec & ConnectionSpec): Promise<TlsTerminator | undefined> {
    const before = this.#settings?.spec;
    if (before && isDeepStrictEqual([before.tls, before.http2 !== false], [tls, http2 !== false])) return this.#settings?.tls;
    return tls && (await openTls(name, tls, http2 !== false, this.#deps));
  }

  /** True when what `tlsFor` gave is not what is in use. */
  isNew(tls: TlsTerminator | undefined): boolean {
    return tls !== undefined && tls !== this.#settings?.tls;
  }

  /** From the next connection on these settings hold, and from the next request on `onRequest`; connections that there are stay. */
  use(settings: ListenerSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#spec = settings.spec;
    if (before?.tls !== settings.tls) before?.tls?.[Symbol.dispose]();
    if (this.#server) this.#server.maxConnections = settings.spec.maxConnections;
    if (before && before.spec.mode !== settings.spec.mode) this.#setPermissions(settings.spec);
    for (const socket of this.#early.splice(0)) this.#accept(socket);
  }

  /** It is not wanted after all: closes what `open` has opened. Only before the first `use`. */
  async abandon(): Promise<void> {
    for (const socket of this.#early.splice(0)) socket.destroy();
    this.#server?.close();
    this.#warn[Symbol.dispose]();
    await this.#closed;
  }

  /** Accepts nothing more, and resolves when all connections are gone; `signal` ends the patience with requests that run. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#settings?.tls?.[Symbol.dispose]();
    if (this.#server?.listening) this.#server.close();
    await Promise.all([this.#closed, ...Array.from(this.#connections, (connection) => connection.drain(signal))]);
    this.#warn[Symbol.dispose]();
  }

  /** Cuts off every connection. */
  force(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  readonly #onClosed = (connection: Connection): void => this.#connections.delete(connection);

  #setPermissions(spec: SocketSpec): void {
    try {
      setPermissions(spec);
    } catch (error) {
      this.#deps.log.error("the permissions of a bind could not be changed", { bind: spec.name, reason: messageOf(error) });
    }
  }

  /** From here a socket goes through what stands before HTTP: whose it is, whether there is room for it, TLS. */
  #accept(socket: Socket): void {
    const settings = this.#settings;
    if (!settings) {
      this.#early.push(socket.on("error", ignore));
      return;
    }
    const { headerOf, trusted, secure } = settings.peers;
    const address = plainAddress(socket.remoteAddress);
    // A client that has left already has no address any more; over TCP it must not pass for the Unix peer that "" stands for.
    if (address === "" && this.#spec.address.kind === "tcp") {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#onClosed);
    this.#connections.add(connection);
    const peer = { address, port: socket.remotePort ?? 0, secure: secure || settings.tls !== undefined, trusted: trusted.has(address) };
    const rule = headerOf(address);
    if (rule === undefined) {
      this.#admit(socket, connection, peer, undefined, settings);
      return;
    }
    const onReady = ({ client, rest }: Preamble): void => {
      const described = client && { ...client, secure: client.secure || peer.secure, trusted: trusted.has(client.address) };
      this.#admit(socket, connection, described ?? peer, rest, settings);
    };
    readPreamble(socket, rule === "optional", this.#deps.clock, onReady, (reason) => {
      // No answer: nobody knows who would read it, and in what protocol.
      socket.destroy();
      this.#warn("a connection was dropped: its PROXY protocol header is not valid", { bind: this.name, peer: address, reason });
      this.#events.emit("headerRefused", { bind: this.name, peer: address, reason });
    });
  }

  #admit(socket: Socket, connection: Connection, peer: Peer, first: Uint8Array | undefined, { peers, tls, spec }: ListenerSettings): void {
    // Behind a trusted forwarder or a Unix socket are many clients.
    if (peers.cap && peer.address !== "" && !peer.trusted) {
      const place = peers.cap.enter(peer.address);
      if (!place) {
        socket.destroy();
        this.#turnAway(peer.address, "the client has as many as it may");
        return;
      }
      socket.once("close", () => place[Symbol.dispose]());
    }
    if (!tls) {
      this.#speakHttp1(socket, connection, peer, first, undefined, spec);
      return;
    }
    tls.accept(socket, first, {
      secured: (secured, http2) => {
        if (http2) this.#speakHttp2(secured, connection, peer, spec);
        else this.#speakHttp1(secured, connection, peer, undefined, secured, spec);
      },
      failed: (reason) => {
        // Not even a warning: whoever scans the internet does this all day.
        this.#deps.log.debug("a TLS handshake failed", { bind: this.name, peer: peer.address, reason });
        this.#events.emit("handshakeFailed", { bind: this.name, peer: peer.address, reason });
      },
    });
  }

  #speakHttp1(
    socket: Socket,
    connection: Connection,
    peer: Peer,
    first: Uint8Array | undefined,
    tls: TLSSocket | undefined,
    { limits, timeouts, upgrades }: ConnectionSpec,
  ): void {
    // A client that has sent its request and closed its sending side still wants the answer.
    if (tls) tls.allowHalfOpen = true;
    const onRequest = (incoming: Incoming): void => this.#settings?.onRequest(incoming, peer, this.#isMisdirected(incoming, tls));
    const onRefused = (refusal: Refusal): void => this.#refused(refusal, peer);
    connection.speak(serveConnection(socket, { onRequest, onRefused, limits, timeouts, upgrades }, this.#deps, first));
  }

  #speakHttp2(socket: TLSSocket, connection: Connection, peer: Peer, { limits, timeouts, upgrades, http2 }: ConnectionSpec): void {
    const onRequest = (incoming: Incoming): void => this.#settings?.onRequest(incoming, peer, this.#isMisdirected(incoming, socket));
    const onRefused = (refusal: Refusal): void => this.#refused(refusal, peer);
    connection.speak(serveHttp2(socket, { onRequest, onRefused, limits, timeouts, upgrades, http2: http2 || undefined }, this.#deps));
  }

  /**
   * True when the client asked TLS for one host and HTTP for another that has a certificate of its own: it has seen no proof that this is
   * that host. A client that asked TLS for none has nothing that could differ.
   */
  #isMisdirected({ authority }: Incoming, socket: TLSSocket | undefined): boolean {
    const asked = socket?.servername;
    const tls = this.#settings?.tls;
    if (!tls || typeof asked !== "string" || asked === "") return false;
    const host = hostOf(authority);
    if (host === "" || host === asked) return false;
    return tls.certificates.indexFor(host) !== tls.certificates.indexFor(asked);
  }

  #refused(refusal: Refusal, peer: Peer): void {
    this.#events.emit("refused", { bind: this.name, peer: peer.address, ...refusal });
  }

  #turnAway(peer: string, reason: string): void {
    this.#warn("a connection was turned away", { bind: this.name, peer, reason });
    this.#events.emit("turnedAway", { bind: this.name, peer });
  }
}

const ignore = (): void => undefined;
