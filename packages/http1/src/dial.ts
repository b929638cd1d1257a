import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ClientSettings } from "./client-settings.ts";

/** How often the system asks a silent upstream whether it is still there, so that a dead one is noticed without any deadline. */
const keepAliveMs = 30_000;

/**
 * Where all plain sockets of this thread read into, so that a read costs a copy of what came and not a fresh buffer of 64 KB. A read is over, and
 * what it brought was copied, before the next one begins; nothing but the copies leaves this file.
 */
const landing = Buffer.allocUnsafeSlow(65_536);

/** A socket that is being connected, and the one that hears what it reads. */
export interface DialledSocket {
  readonly socket: Socket;
  /** The event after which the socket may be written. */
  readonly ready: "connect" | "secureConnect";
  /** `onData` hears nothing more. From here on the socket is a stream like any other, and what it reads is for whoever listens to it. */
  release(): void;
}

/** Begins to connect. Each piece goes to `onData`, which owns it; pausing the socket stops them. */
export function dial({ address, tls }: ClientSettings, onData: (piece: Buffer) => void): DialledSocket {
  const where = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  const options = { ...where, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  if (!tls) return dialPlain(options, onData);
  const servername = tls.servername ?? (address.kind === "tcp" ? address.host : "localhost");
  const socket = connectTls({
    ...options,
    ALPNProtocols: ["http/1.1"],
    // A certificate is checked against the name; an address cannot be sent as one (RFC 6066, 3).
    ...(/^[\d.]+$|:/.test(servername) ? {} : { servername }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
  });
  socket.on("data", onData);
  return { socket, ready: "secureConnect", release: () => void socket.off("data", onData) };
}

type PlainOptions = { readonly path: string } | { readonly host: string; readonly port: number };

function dialPlain(options: PlainOptions, onData: (piece: Buffer) => void): DialledSocket {
  let released = false;
  const callback = (bytes: number): boolean => {
    const piece = Buffer.allocUnsafe(bytes);
    landing.copy(piece, 0, 0, bytes);
    // False stops the reading until the stream asks for more.
    if (released) return socket.push(piece);
    onData(piece);
    return true;
  };
  const socket = connect({ ...options, onread: { buffer: landing, callback } });
  const release = (): void => {
    released = true;
  };
  return { socket, ready: "connect", release };
}
