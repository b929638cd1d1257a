import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Body, type BodyReader, type Deps, type Incoming, silentLogger, systemClock } from "@mothership/kernel";
import { openPool, type PoolSpec, type Refusal, type ServerConnection, type ServerSpec, serveConnection } from "../../src/index.ts";

export const deps: Deps = { clock: systemClock, log: silentLogger };

/** A listener on a free port whose sockets are all destroyed when the scope ends. */
export async function listen(
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number; readonly server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Every request that reached the handler. */
  readonly requests: Incoming[];
  readonly refusals: Refusal[];
  readonly connections: ServerConnection[];
}

/** Serves connections on a free port. */
export async function serve(
  onRequest: (incoming: Incoming) => void,
  spec: Partial<ServerSpec> = {},
  world: Deps = deps,
): Promise<TestServer> {
  const requests: Incoming[] = [];
  const refusals: Refusal[] = [];
  const connections: ServerConnection[] = [];
  const whole: ServerSpec = {
    ...spec,
    onRequest: (incoming) => {
      requests.push(incoming);
      onRequest(incoming);
    },
    onRefused: (refusal) => refusals.push(refusal),
  };
  const listener = await listen((socket) => connections.push(serveConnection(socket, whole, world)));
  return { port: listener.port, requests, refusals, connections, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

/** Writes each piece when the one before has had time to arrive alone, and closes the sending side unless told not to; resolves with all that came back. */
export async function send(port: number, input: string | readonly (string | Buffer)[], { keepOpen = false } = {}): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.once("end", () => socket.end());
  await once(socket, "connect");
  const list = typeof input === "string" ? [input] : input;
  for (const [index, piece] of list.entries()) {
    if (index > 0) await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
  }
  if (!keepOpen) socket.end();
  await closed;
  return Buffer.concat(pieces).toString("latin1");
}

/** A client whose socket the test drives by hand. */
export async function open(
  port: number,
): Promise<AsyncDisposable & { readonly socket: Socket; text(): string; readonly closed: Promise<void> }> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (piece: string) => {
    text += piece;
  });
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  return {
    socket,
    text: () => text,
    closed,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

export interface TestOrigin extends AsyncDisposable {
  readonly port: number;
  /** Bytes of each connection, in the order of the connections. */
  readonly received: string[];
}

/**
 * An upstream that believes anything: it notes the bytes of each connection and calls `answer` with all that came on it so far,
 * whenever something comes.
 */
export async function origin(answer: (text: string, socket: Socket) => void): Promise<TestOrigin> {
  const received: string[] = [];
  const listener = await listen((socket) => {
    const index = received.push("") - 1;
    socket.on("data", (piece) => {
      received[index] += piece.toString("latin1");
      answer(received[index]!, socket);
    });
    socket.on("end", () => socket.end());
  });
  return { port: listener.port, received, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

export const plainOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A pool to a port of this machine, closed by force when the scope ends. */
export function pool(port: number, spec: Partial<PoolSpec> = {}, world: Deps = deps): ReturnType<typeof openPool> {
  const opened = openPool({ address: { kind: "tcp", host: "127.0.0.1", port }, ...spec }, world);
  const close = (): Promise<void> => opened.close({ signal: AbortSignal.abort() });
  return new Proxy(opened, {
    get: (target, name) => {
      if (name === Symbol.asyncDispose) return close;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Lets the event loop go round so many times: for what must not happen although it has had every chance. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns enough for what was just written on loopback to arrive. */
export const arrive = (): Promise<void> => turns(20);

/** Looks again after every turn of the event loop until `condition` holds; the test's own time-out ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** The text without the field that changes every second. */
export const withoutDate = (text: string): string => text.replaceAll(/Date: [^\r]*\r\n/g, "");

/** A body that the test feeds by hand. */
export class HandBody implements Body {
  readonly length: number | undefined;
  reader: BodyReader | undefined;
  resumed = 0;
  cancelled: Error | undefined;

  constructor(length?: number) {
    this.length = length;
  }

  read(reader: BodyReader): void {
    this.reader = reader;
  }

  resume(): void {
    this.resumed++;
  }

  cancel(reason: Error): void {
    this.cancelled = reason;
  }
}
