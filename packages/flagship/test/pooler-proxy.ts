import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How a pooler of these tests gives out the sessions of the server behind it. */
export interface PoolerOptions {
  /**
   * session: a client keeps its session until it leaves. transaction: it gets one for each transaction, the one used last
   * if it is free. rotating: it gets the one used longest ago. statement: as transaction, and BEGIN is refused.
   */
  readonly mode: "session" | "transaction" | "rotating" | "statement";
  /** Most sessions with the server. */
  readonly size?: number;
  /** Tell clients the process that serves them first, as no pooler does. */
  readonly honest?: boolean;
}

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** One session with the server; logged in. */
interface Backend {
  readonly socket: Socket;
  readonly pid: number;
  onMessage: (message: Message) => void;
}

/**
 * A connection pooler between clients and a server that trusts everybody, speaking just enough of the PostgreSQL protocol:
 * what it does with sessions is what such poolers do, with no other code than this, so that the tests depend on no package.
 */
export async function openPooler(
  target: { readonly host: string; readonly port: number },
  { mode: firstMode, size = 10, honest = false }: PoolerOptions,
): Promise<AsyncDisposable & { readonly port: number; mode: PoolerOptions["mode"] }> {
  let mode = firstMode;
  const idle: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;

  const acquire = (): Promise<Backend> => {
    const free = mode === "rotating" && opened >= 2 ? idle.shift() : mode === "rotating" ? undefined : idle.pop();
    if (free) return Promise.resolve(free);
    if (opened >= size) return new Promise((resolve) => waiting.push(resolve));
    opened++;
    return openBackend(target, sockets);
  };
  const release = (backend: Backend): void => {
    backend.onMessage = () => undefined;
    const next = waiting.shift();
    if (next) next(backend);
    else idle.push(backend);
  };
  const discard = (backend: Backend): void => {
    opened--;
    backend.socket.destroy();
    const next = waiting.shift();
    if (next) void acquire().then(next);
  };

  const serve = (client: Socket): void => {
    sockets.add(client);
    client.setNoDelay();
    client.on("error", () => undefined);
    let held: Backend | undefined;
    let busy = false;
    let gone = false;
    const queue: Buffer[] = [];
    client.once("close", () => {
      gone = true;
      if (held && !busy) discard(held);
    });

    const pump = async (): Promise<void> => {
      const batch = queue.shift();
      if (busy || batch === undefined) return;
      busy = true;
      if (mode === "statement" && /^Q....BEGIN/is.test(batch.toString("latin1"))) {
        client.write(Buffer.concat([failure("08P01", "transaction blocks not allowed in statement pooling mode"), ready]));
        busy = false;
        return pump();
      }
      held ??= await acquire();
      const backend = held;
      backend.onMessage = ({ type, bytes }) => {
        client.write(bytes);
        if (type !== "Z") return;
        busy = false;
        const inTransaction = bytes.at(-1) !== 73; // "I"
        if (gone) discard(backend);
        else if (mode !== "session" && !inTransaction) {
          held = undefined;
          release(backend);
        }
        void pump();
      };
      backend.socket.write(batch);
    };

    let pending: Buffer[] = [];
    let loggedIn = false;
    client.on(
      "data",
      messages(true, async ({ type, bytes }) => {
        if (!loggedIn) {
          if (bytes.readUInt32BE(4) === 80_877_103) return void client.write("N");
          loggedIn = true;
          if (mode === "session" || honest) held = await acquire();
          client.write(Buffer.concat([authenticated, keyData(honest ? (held?.pid ?? 0) : 4_242_424), ready]));
          if (honest && held && mode !== "session") {
            release(held);
            held = undefined;
          }
          return;
        }
        if (type === "X") return void client.destroy();
        pending.push(bytes);
        if (type !== "Q" && type !== "S") return;
        queue.push(Buffer.concat(pending));
        pending = [];
        await pump();
      }),
    );
  };

  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    /** May be changed at any time; a session that is taken is given back after the next statement. */
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function openBackend(target: { readonly host: string; readonly port: number }, sockets: Set<Socket>): Promise<Backend> {
  const socket = connect(target).setNoDelay();
  sockets.add(socket);
  socket.on("error", () => undefined);
  const parameters = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parameters.length, 0);
  head.writeUInt32BE(196_608, 4); // protocol 3.0
  socket.write(Buffer.concat([head, parameters]));
  const { promise, resolve } = Promise.withResolvers<Backend>();
  let pid = 0;
  let backend: Backend | undefined;
  socket.on(
    "data",
    messages(false, (message) => {
      if (backend) return backend.onMessage(message);
      if (message.type === "K") pid = message.bytes.readUInt32BE(5);
      if (message.type !== "Z") return;
      backend = { socket, pid, onMessage: () => undefined };
      resolve(backend);
    }),
  );
  return promise;
}

/** Cuts bytes into messages. A client's first ones, until it logs in, have no type. */
function messages(fromClient: boolean, take: (message: Message) => unknown): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  let untyped = fromClient;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= (untyped ? 8 : 5)) {
      const length = untyped ? rest.readUInt32BE(0) : rest.readUInt32BE(1) + 1;
      if (rest.length < length) return;
      const message = { type: untyped ? "" : String.fromCharCode(rest[0] ?? 0), bytes: rest.subarray(0, length) };
      if (untyped && message.bytes.readUInt32BE(4) === 196_608) untyped = false;
      rest = rest.subarray(length);
      take(message);
    }
  };
}

const authenticated = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 73]);

function keyData(pid: number): Buffer {
  const bytes = Buffer.from([0x4b, 0, 0, 0, 12, 0, 0, 0, 0, 1, 2, 3, 4]);
  bytes.writeUInt32BE(pid, 5);
  return bytes;
}

function failure(code: string, text: string): Buffer {
  const fields = Buffer.from(`SERROR\0VERROR\0C${code}\0M${text}\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeUInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
