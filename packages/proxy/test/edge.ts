import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Address, type Deps, silentLogger, systemClock } from "@mothership/kernel";
import { forwardTo } from "../src/forward.ts";
import { type ListenerSpec, type Proxy as OpenedProxy, openProxy } from "../src/proxy.ts";
import { createRouter, type Route } from "../src/router.ts";
import { openUpstream, type Upstream, type UpstreamSpec } from "../src/upstream.ts";
import { readAll } from "./sockets.ts";

export const deps: Deps = { clock: systemClock, log: silentLogger };
const anywhere = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

/** A server of a test, closed with all its connections when the scope ends. */
export interface Origin extends AsyncDisposable {
  readonly address: Address;
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
}

async function origin(server: Server): Promise<Origin> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: { ...anywhere, port: (server.address() as AddressInfo).port },
    server,
    sockets,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A real HTTP server behind the proxy. */
export function httpOrigin(onRequest: RequestListener, tune?: (server: HttpServer) => void): Promise<Origin> {
  const server = createHttpServer(onRequest);
  tune?.(server);
  return origin(server);
}

/** A server that answers with bytes of the test's choice. */
export function rawOrigin(onConnection: (socket: Socket) => void): Promise<Origin> {
  return origin(createServer({ allowHalfOpen: true }, onConnection));
}

export interface Edge extends AsyncDisposable {
  readonly proxy: OpenedProxy;
  readonly upstream: Upstream;
  readonly port: number;
  readonly url: string;
}

export interface EdgeParts {
  readonly listener?: Partial<ListenerSpec>;
  readonly upstream?: Partial<UpstreamSpec>;
  readonly route?: Partial<Route>;
  readonly graceMs?: number;
  readonly deps?: Deps;
}

/** A proxy with one TCP bind in front of one upstream. */
export async function edgeTo(address: Address, parts: EdgeParts = {}): Promise<Edge> {
  const given = parts.deps ?? deps;
  const upstream = openUpstream({ name: "app", address, graceMs: 2000, ...parts.upstream }, given);
  const routes: readonly Route[] = [{ bind: "http", pattern: "/.*", to: forwardTo(upstream, given), ...parts.route }];
  const spec = { listeners: [{ name: "http", address: anywhere, ...parts.listener }], graceMs: parts.graceMs ?? 2000 };
  const proxy = await openProxy(spec, createRouter(routes), given);
  const bound = proxy.address("http");
  const port = bound.kind === "tcp" ? bound.port : 0;
  return {
    proxy,
    upstream,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const now = { signal: AbortSignal.abort() };
      await proxy.close(now);
      await upstream.close(now);
    },
  };
}

/** Connects to the proxy and sends these bytes. */
export async function rawClient(port: number, text = ""): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  if (text !== "") socket.write(text, "latin1");
  return socket;
}

/** Sends one request as written and reads until the proxy closes. The text should ask for that. */
export async function exchangeRaw(port: number, text: string): Promise<string> {
  const socket = await rawClient(port, text);
  try {
    return await readAll(socket);
  } finally {
    socket.destroy();
  }
}

/** One request on a connection of its own, and the answer as it stands on the wire. */
export const get = (edge: Edge, path = "/", method = "GET", body = ""): Promise<string> =>
  exchangeRaw(
    edge.port,
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`,
  );

/** Status and reason of an answer of the proxy itself. */
export function told(answer: string): string {
  return `${answer.slice(9, 12)} ${/X-Mothership-Error: (.*)\r\n/.exec(answer)?.[1]}`;
}
