import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ClientSettings } from "./client-settings.ts";

/** How often the system asks a silent upstream whether it is still there, so that a dead one is noticed without any deadline. */
const keepAliveMs = 30_000;

/** Begins to connect. The second value is the event after which the socket may be written. */
export function dial({ address, tls }: ClientSettings): readonly [socket: Socket, ready: "connect" | "secureConnect"] {
  const where = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  const options = { ...where, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  if (!tls) return [connect(options), "connect"];
  const servername = tls.servername ?? (address.kind === "tcp" ? address.host : "localhost");
  const secure = connectTls({
    ...options,
    ALPNProtocols: ["http/1.1"],
    // A certificate is checked against the name; an address cannot be sent as one (RFC 6066, 3).
    ...(/^[\d.]+$|:/.test(servername) ? {} : { servername }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
  });
  return [secure, "secureConnect"];
}
