import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { emptyBody, Fields, type Handler } from "@mothership/kernel";
import { eventually, type FakeClock } from "@mothership/testkit";
import type { CertificateFiles } from "../src/certificate.ts";
import { type ListenerSpec, type Proxy as OpenedProxy, openProxy } from "../src/proxy.ts";
import { deps } from "./edge.ts";

const anywhere = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

/** Says what the proxy knows of the client. */
const ok: Handler = (exchange) => {
  const fields = Fields.from([
    ["X-Client", `${exchange.client.address} ${exchange.client.secure}`],
    ["X-Proto", exchange.fields.get("x-forwarded-proto") ?? ""],
  ]);
  exchange.respond({ status: 200, fields }, emptyBody);
};

/** A request for that host as it stands on the wire. */
export const request = (host: string, connection = "close"): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: ${connection}\r\n\r\n`;

/** A proxy whose only bind, `https`, speaks TLS with these certificates. */
export const open = (certificates: readonly CertificateFiles[], rest: Partial<ListenerSpec> = {}, given = deps): Promise<OpenedProxy> =>
  openProxy({ listeners: [{ name: "https", address: anywhere, tls: { certificates }, ...rest }], graceMs: 1000 }, ok, given);

/** The port of that bind. */
export const portOf = (proxy: OpenedProxy): number => {
  const address = proxy.address("https");
  return address.kind === "tcp" ? address.port : 0;
};

/** Connects over TLS, trusting whatever certificate comes. */
export async function secure(proxy: OpenedProxy, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port: portOf(proxy), host: "127.0.0.1", rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** The names in the certificate that a client is given. */
export async function given(proxy: OpenedProxy, servername?: string): Promise<string> {
  const socket = await secure(proxy, servername === undefined ? {} : { servername });
  const { subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname ?? "";
}

/** Lets the proxy look at its files so many times. Looking takes real input and output, so each look is waited for. */
export async function looks(clock: FakeClock, count: number): Promise<void> {
  const due = (): Promise<unknown> => eventually("the next look to be due", () => clock.pending > 0);
  for (let done = 0; done < count; done++) {
    await due();
    await clock.advance(5000);
  }
  await due();
}
