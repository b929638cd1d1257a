import type { Server, Socket } from "node:net";
import { type ServerConnection, type ServerSpec, serveConnection } from "@mothership/http1";
import type { Address, Deps, Emitter, Incoming } from "@mothership/kernel";
import { bindSocket, type SocketSpec } from "./bind.ts";
import { type Peer, plainAddress, type TrustedProxies } from "./client.ts";
import { DrainedError } from "./errors.ts";
import type { ProxyEvents } from "./events.ts";
import { throttledWarning } from "./throttled-warning.ts";

/** What a listener needs besides its socket. */
export type ConnectionSpec = Pick<ServerSpec, "limits" | "timeouts" | "upgrades">;

/** How the other end of each connection is judged. */
export interface PeerSpec {
  readonly trusted: TrustedProxies;
  readonly secure: boolean;
}

/** One bound socket and its connections. */
export class Listener implements AsyncDisposable {
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.force();
    await this.#closed;
  }
}

/** One accepted socket: speaking HTTP, or taken over by a tunnel. */
class Connection {
  readonly #socket: Socket;
  readonly #http: ServerConnection;
  readonly #closed: Promise<void>;
  #left = false;
  #draining = false;

  constructor(socket: Socket, http: ServerConnection) {
    this.#socket = socket;
    this.#http = http;
    this.#closed = new Promise((resolve) => socket.once("close", resolve));
    http.done.then(
      () => this.#leaveHttp(),
      () => this.#leaveHttp(),
    );
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    // A tunnel may stay open for days. Waiting for it would only use up the grace of the requests.
    if (this.#left) this.#socket.destroy(new DrainedError("the listener"));
    else await this.#http.close({ signal });
    await this.#closed;
  }

  #leaveHttp(): void {
    this.#left = true;
    // An upgrade that was under way when the drain began.
    if (this.#draining) this.#socket.destroy();
  }
}

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
  const server = await bindSocket(
    spec,
    (socket) => {
      const address = plainAddress(socket.remoteAddress);
      // A client that has left already has no address any more; over TCP it must not pass for the Unix peer that "" stands for.
      if (address === "" && spec.address.kind === "tcp") return void socket.destroy();
      const peer = { address, port: socket.remotePort ?? 0, secure: peers.secure, trusted: peers.trusted.has(address) };
      socket.once("close", () => connections.delete(socket));
      const http = serveConnection(
        socket,
        {
          onRequest: (incoming) => onRequest(incoming, peer),
          onRefused: (refusal) => events.emit("refused", { bind: spec.name, peer: address, ...refusal }),
          limits,
          timeouts,
          upgrades,
        },
        deps,
      );
      connections.set(socket, new Connection(socket, http));
    },
    deps.clock,
  );
  server.on("drop", () => {
    warn("a connection was turned away: the listener has as many as it may", { bind: spec.name, maxConnections: spec.maxConnections });
    events.emit("turnedAway", { bind: spec.name });
  });
  return new Listener(spec, server, connections);
}
