import type { Server, Socket } from "node:net";
import { type Refusal, type ServerConnection, type ServerSpec, serveConnection } from "@mothership/http1";
import type { Address, Deps, Emitter, Incoming } from "@mothership/kernel";
import { bindSocket, type SocketSpec } from "./bind.ts";
import { type Peer, plainAddress, type TrustedProxies } from "./client.ts";
import type { ProxyEvents } from "./events.ts";
import { type Preamble, readPreamble } from "./preamble.ts";
import { throttledWarning } from "./throttled-warning.ts";

/** What a listener needs besides its socket. */
export type ConnectionSpec = Pick<ServerSpec, "limits" | "timeouts" | "upgrades">;

/** How the other end of each connection is judged. */
export interface PeerSpec {
  readonly headerOf: HeaderRule;
  readonly trusted: TrustedProxies;
  readonly secure: boolean;
}

/** One bound socket and its connections. */
export class Listener {
  readonly name: string;
  readonly #address: Address;
  readonly #server: Server;
  readonly #connections: ReadonlyMap<Socket, Connection>;
  readonly #closed: Promise<void>;

  constructor(spec: SocketSpec, server: Server, connections: ReadonlyMap<Socket, Connection>) {
    this.name = spec.name;
    this.#address = spec.address;
    this.#server = server;
    this.#connections = connections;
    this.#closed = new Promise((resolve) => server.once("close", resolve));
  }

  get connections(): number {
    return this.#connections.size;
  }

  get address(): Address {
    const bound = this.#server.address();
    // null when closed, a string for a Unix socket.
    return this.#address.kind === "tcp" && typeof bound === "object" && bound ? { ...this.#address, port: bound.port } : this.#address;
  }

  /** Accepts nothing more, and resolves when all connections are gone; `signal` ends the patience with requests that run. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#server.listening) this.#server.close();
    await Promise.all([this.#closed, ...this.#connections.values().map((connection) => connection.drain(signal))]);
  }

  /** Cuts off every connection. */
  force(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }
}

/** One accepted socket: waiting for what its balancer says of it, speaking HTTP, or taken over by a tunnel. */
class Connection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #http: ServerConnection | undefined;
  #draining = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", resolve));
  }

  /** It speaks HTTP from now on. */
  speak(http: ServerConnection): void {
    this.#http = http;
    const left = (): void => {
      this.#http = undefined;
      // An upgrade that was under way when the drain began.
      if (this.#draining) this.#socket.destroy();
    };
    http.done.then(left, left);
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    // A tunnel may stay open for days. Waiting for it would only use up the grace of the requests.
    if (this.#http) await this.#http.close({ signal });
    else this.#socket.destroy();
    await this.#closed;
  }
}

/** Which connections begin with a PROXY protocol header: undefined for none, else whether it may be missing. */
export type HeaderRule = (address: string) => "optional" | "required" | undefined;

/** Binds the address of `spec` and serves what connects. */
export async function openListener(
  spec: SocketSpec & ConnectionSpec,
  peers: PeerSpec,
  onRequest: (incoming: Incoming, peer: Peer) => void,
  events: Emitter<ProxyEvents>,
  deps: Deps,
): Promise<Listener> {
  const connections = new Map<Socket, Connection>();
  const warn = throttledWarning(deps.log, deps.clock);
  const { limits, timeouts, upgrades } = spec;

  const speak = (socket: Socket, connection: Connection, peer: Peer, first: Uint8Array | undefined): void => {
    const onRequestOf = (incoming: Incoming): void => onRequest(incoming, peer);
    const onRefused = (refusal: Refusal): void => events.emit("refused", { bind: spec.name, peer: peer.address, ...refusal });
    connection.speak(serveConnection(socket, { onRequest: onRequestOf, onRefused, limits, timeouts, upgrades }, deps, first));
  };

  const accept = (socket: Socket): void => {
    const address = plainAddress(socket.remoteAddress);
    // A client that has left already has no address any more; over TCP it must not pass for the Unix peer that "" stands for.
    if (address === "" && spec.address.kind === "tcp") {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket);
    connections.set(socket, connection);
    socket.once("close", () => connections.delete(socket));
    const peer = { address, port: socket.remotePort ?? 0, secure: peers.secure, trusted: peers.trusted.has(address) };
    const rule = peers.headerOf(address);
    if (rule === undefined) {
      speak(socket, connection, peer, undefined);
      return;
    }
    const onReady = ({ client, rest }: Preamble): void => {
      const described = client && { ...client, secure: client.secure || peers.secure, trusted: peers.trusted.has(client.address) };
      speak(socket, connection, described ?? peer, rest);
    };
    readPreamble(socket, rule === "optional", deps.clock, onReady, (reason) => {
      // No answer: nobody knows who would read it, and in what protocol.
      socket.destroy();
      warn("a connection was dropped: its PROXY protocol header is not valid", { bind: spec.name, peer: address, reason });
      events.emit("headerRefused", { bind: spec.name, peer: address, reason });
    });
  };

  const server = await bindSocket(spec, accept, deps.clock);
  server.on("drop", () => {
    warn("a connection was turned away: the listener has as many as it may", { bind: spec.name, maxConnections: spec.maxConnections });
    events.emit("turnedAway", { bind: spec.name });
  });
  return new Listener(spec, server, connections);
}
