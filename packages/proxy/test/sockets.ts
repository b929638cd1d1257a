import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Two ends of one real TCP connection, both able to be half open. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
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
