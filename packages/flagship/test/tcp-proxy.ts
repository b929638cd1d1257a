import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut, frozen and mended. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Ends every connection, and refuses new ones until `mend`. */
  cut(): void;
  /** Lets nothing through in either direction, without ending anything, until `mend`. */
  freeze(): void;
  mend(): void;
  /** Called with each piece that the client sends, before it goes on; false cuts the connection instead, after the piece if it says so. */
  onRequest: ((bytes: Buffer) => "pass" | "cut" | "pass, then cut") | undefined;
}

export async function openTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: "open" | "cut" | "frozen" = "open";
  const drop = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  const server = createServer((client) => {
    client.on("error", () => undefined);
    if (state === "cut") return void client.destroy();
    const upstream = connect(target);
    upstream.on("error", () => undefined);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.once("close", end);
    upstream.once("close", end);
    client.on("data", (bytes: Buffer) => {
      const what = proxy.onRequest?.(bytes) ?? "pass";
      if (what !== "cut") upstream.write(bytes);
      if (what === "pass, then cut") upstream.end(() => client.destroy());
      if (what === "cut") end();
    });
    upstream.on("data", (bytes: Buffer) => void client.write(bytes));
    if (state === "frozen") for (const socket of pair) socket.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    cut() {
      state = "cut";
      drop();
    },
    freeze() {
      state = "frozen";
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    mend() {
      state = "open";
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    onRequest: undefined,
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
