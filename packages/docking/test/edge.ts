import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import {
  type Client,
  type Exchange,
  emptyBody,
  Fields,
  type Handler,
  type Incoming,
  type Outcome,
  type ResponseHead,
} from "@mothership/kernel";
import { readBody } from "@mothership/testkit";

/** A WebSocket edge for tests: as much of a listener as `handler` needs, on Node's own HTTP server. */
export interface Edge extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Duplex>;
}

export async function openEdge(handler: Handler): Promise<Edge> {
  const sockets = new Set<Duplex>();
  const server = createServer((req, res) => {
    const exchange = exchangeOf(req, undefined, Buffer.alloc(0), (text) => res.socket?.end(text));
    void handler(exchange);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (req, socket, head) => void handler(exchangeOf(req, socket, head, (text) => socket.end(text))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}

let exchanges = 0;

function exchangeOf(req: IncomingMessage, socket: Duplex | undefined, head: Buffer, answer: (text: Buffer) => void): Exchange {
  const listeners: ((outcome: Outcome) => void)[] = [];
  let outcome: Outcome | undefined;
  let responded = false;
  const finish = (status: number, end: Outcome["end"]): void => {
    if (outcome) return;
    outcome = { status, end, requestBytes: 0, responseBytes: 0 };
    for (const listener of listeners) listener(outcome);
  };
  const gone = (): void => finish(0, "clientLeft");
  socket?.on("close", gone);
  // Until somebody takes the connection over, an error on it only means that the client left.
  const failed = (): void => gone();
  socket?.on("error", failed);
  const fields = new Fields();
  for (let at = 0; at < req.rawHeaders.length; at += 2) fields.append(req.rawHeaders[at]!, req.rawHeaders[at + 1]!);
  const respond = (response: ResponseHead, body: Parameters<Incoming["respond"]>[1]): void => {
    if (responded || outcome) return;
    responded = true;
    void readBody(body).then(({ bytes }) => {
      const length = ["Content-Length", String(bytes.length)] as const;
      answer(Buffer.concat([Buffer.from(headText(response, [length, ["Connection", "close"]])), bytes]));
      finish(response.status, "complete");
    });
  };
  const incoming: Incoming = {
    method: req.method ?? "GET",
    target: req.url ?? "/",
    authority: req.headers.host ?? "",
    version: "1.1",
    fields,
    body: emptyBody,
    upgrade: socket ? req.headers.upgrade?.toLowerCase() : undefined,
    expectsContinue: false,
    interim: () => undefined,
    respond,
    takeOver: (response) => {
      if (!socket || responded || outcome) throw new Error("there is nothing to take over");
      responded = true;
      socket.off("close", gone);
      socket.off("error", failed);
      socket.write(
        headText(response, [
          ["Upgrade", "websocket"],
          ["Connection", "Upgrade"],
        ]),
      );
      finish(101, "complete");
      return { socket, held: head };
    },
    abort: () => req.socket.destroy(),
    onFinished: undefined,
  };
  const [path = "/", ...rest] = incoming.target.split("?");
  const client: Client = { address: req.socket.remoteAddress ?? "", port: req.socket.remotePort ?? 0, secure: false };
  return {
    id: `test-${exchanges++}`,
    bind: "ws",
    client,
    incoming,
    host: "127.0.0.1",
    path,
    query: rest.length > 0 ? `?${rest.join("?")}` : "",
    fields,
    route: "",
    upstream: "",
    get responded() {
      return responded;
    },
    respond,
    onResponse: () => undefined,
    onFinished: (listener) => (outcome ? listener(outcome) : void listeners.push(listener)),
  };
}

function headText({ status, fields }: ResponseHead, more: readonly (readonly [string, string])[]): string {
  const lines = [...fields, ...more].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
}
