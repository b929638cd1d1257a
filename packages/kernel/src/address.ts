import { MothershipError } from "./error.ts";

/** Where something listens. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** The text is no address; the message says which forms there are. */
export class AddressError extends MothershipError {
  readonly code = "MS_ADDRESS_INVALID";
  constructor(text: string, reason: string) {
    super(`"${text}" is not an address: ${reason}; write "tcp://host:port", "host:port", a port alone, or "unix:///path"`);
    this.name = "AddressError";
  }
}

/**
 * The longest path that fits `sockaddr_un`, without its closing NUL: 107 bytes on Linux, 103 elsewhere.
 * The system would cut a longer one silently or refuse it with a name nobody recognises.
 */
export function maxSocketPathBytes(platform: NodeJS.Platform = process.platform): number {
  return platform === "linux" ? 107 : 103;
}

/**
 * Reads an address in any of the written forms. A port alone means 127.0.0.1; IPv6 hosts stand in brackets.
 *
 * @throws {AddressError} naming what is wrong.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix://")) return unixAddress(text, text.slice("unix://".length));
  const rest = text.startsWith("tcp://") ? text.slice("tcp://".length) : text;
  if (rest.includes("://")) throw new AddressError(text, `unknown scheme "${rest.slice(0, rest.indexOf("://"))}"`);
  if (/^\d+$/.test(rest)) return { kind: "tcp", host: "127.0.0.1", port: parsePort(text, rest) };
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/@]+)):(\d+)$/.exec(rest);
  if (!match)
    throw new AddressError(text, /:.*:/.test(rest) && !rest.startsWith("[") ? "an IPv6 host needs brackets" : "no host and port found");
  return { kind: "tcp", host: match[1] ?? match[2] ?? "", port: parsePort(text, match[3] ?? "") };
}

/** The one written form of an address: `tcp://host:port` or `unix:///path`. `parseAddress` reads it back. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix://${address.path}`;
  return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

function unixAddress(text: string, path: string): Address {
  if (!path.startsWith("/")) throw new AddressError(text, "the path of a socket must be absolute");
  if (path.endsWith("/")) throw new AddressError(text, "the path of a socket must name a file");
  if (path.includes("\0")) throw new AddressError(text, "a path cannot hold a NUL");
  const bytes = Buffer.byteLength(path);
  const limit = maxSocketPathBytes();
  if (bytes > limit) throw new AddressError(text, `the path has ${bytes} bytes, and a socket's may have ${limit} here`);
  return { kind: "unix", path };
}

function parsePort(text: string, digits: string): number {
  const port = Number(digits);
  if (digits.length > 5 || port > 65_535) throw new AddressError(text, "a port is at most 65535");
  return port;
}
