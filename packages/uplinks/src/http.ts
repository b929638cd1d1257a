import { addAbortListener } from "node:events";
import { request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { AbortOptions } from "@mothership/kernel";
import type { UplinkTarget } from "./uplink.ts";

/**
 * The status that a GET of the URL is answered with. Redirects are not followed, the body is not read, and the user and
 * password of the URL are not sent: a refusal is an answer too.
 *
 * Takes ownership of the socket: it is destroyed when this returns, throws or the signal fires.
 */
export async function statusOf(url: string, target: UplinkTarget, tcp: Socket, { signal }: AbortOptions): Promise<number> {
  const { protocol, pathname, search, host } = new URL(url);
  tcp.on("error", () => undefined); // Whoever wraps the socket hears of it and reports it.
  try {
    const socket = protocol === "https:" ? await secure(tcp, target.host, { signal }) : tcp;
    return await get(socket, host, `${pathname}${search}`, { signal });
  } finally {
    tcp.destroy();
  }
}

async function secure(tcp: Socket, host: string, { signal }: AbortOptions): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  using _ = signal && addAbortListener(signal, () => tcp.destroy());
  // A name in the handshake may not be an address (RFC 6066, 3); the certificate is checked against `host` in both cases.
  const tls = connectTls({ socket: tcp, host, ALPNProtocols: ["http/1.1"], ...(isIP(host) === 0 && { servername: host }) });
  tls.once("secureConnect", () => resolve(tls));
  tls.on("error", reject);
  tls.once("close", () => reject(signal?.aborted ? signal.reason : closedEarly()));
  return await promise;
}

async function get(socket: Socket, host: string, path: string, { signal }: AbortOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const req = request({
    path,
    headers: { Host: host, "User-Agent": "mothership uplink check", Accept: "*/*", Connection: "close" },
    createConnection: () => socket,
  });
  using _ = signal && addAbortListener(signal, () => req.destroy());
  req.once("response", (res) => {
    res.once("error", () => undefined); // The answer is known; what becomes of the body does not matter.
    resolve(res.statusCode ?? 0);
    req.destroy();
  });
  // A server may answer 101 unasked; it has answered.
  req.once("upgrade", (res, upgraded) => {
    resolve(res.statusCode ?? 0);
    upgraded.destroy();
  });
  req.on("error", (error) => reject(signal?.aborted ? signal.reason : error));
  req.once("close", () => reject(signal?.aborted ? signal.reason : closedEarly()));
  req.end();
  return await promise;
}

function closedEarly(): Error {
  return new Error("the server closed the connection without an answer");
}
