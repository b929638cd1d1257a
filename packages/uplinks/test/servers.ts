import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A listening server and the sockets that are open on it. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  /** Connections accepted so far. */
  readonly accepted: number;
}

export async function listen(server: Server, { host = "127.0.0.1", port = 0 } = {}): Promise<Listening> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    get accepted() {
      return accepted;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** A server on which every connection is handled by `talk`. */
export function tcpServer(talk: (socket: Socket) => void = () => undefined, where: { readonly host?: string } = {}): Promise<Listening> {
  // Read, or the end of the other side would never be noticed.
  return listen(
    createServer((socket) => talk(socket.resume())),
    where,
  );
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  await using server = await tcpServer();
  return server.port;
}

/**
 * An address that answers nothing at all, as behind a firewall that drops: a stopped process whose accept queue is full,
 * so that the system drops every further SYN.
 */
export async function silentAddress(): Promise<AsyncDisposable & { readonly host: string; readonly port: number }> {
  const host = "127.0.0.2";
  const program = `require("net").createServer().listen({host:"${host}",port:0,backlog:1},function(){console.log(this.address().port)})`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  // The queue is full when a connection is no longer completed at once.
  for (let full = false; !full; ) {
    const socket = connect({ host, port });
    socket.on("error", () => undefined);
    fillers.push(socket);
    full = await Promise.race([
      once(socket, "connect").then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 150, true)),
    ]);
  }
  return {
    host,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}
