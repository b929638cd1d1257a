import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Two ends of one real connection, TCP or through the Unix socket `path`, both able to be half open. */
export async function socketPair(path?: string): Promise<readonly [Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  const where = path === undefined ? { port: (server.address() as AddressInfo).port, host: "127.0.0.1" } : { path };
  const near = connect({ ...where, allowHalfOpen: true });
  const [[far]] = (await Promise.all([once(server, "connection"), once(near, "connect")])) as [[Socket], unknown];
  server.close();
  return [near, far];
}

/** Everything that arrives until the other side has sent all. */
export async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of socket.iterator({ destroyOnReturn: false })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("latin1");
}

/** Resolves once the other side has closed `socket`, in whatever way. */
export async function closed(socket: Socket): Promise<void> {
  socket
    .on("error", () => undefined)
    .on("end", () => socket.end())
    .resume();
  if (socket.readableEnded) socket.end();
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}
