import { BlockList, isIP } from "node:net";
import type { Client, Fields } from "@mothership/kernel";
import { TrustedProxyError } from "./errors.ts";

/** The other end of a connection: a client, or a forwarder between it and us. */
export interface Peer extends Client {
  /** What it says about the client (X-Forwarded-*, X-Request-Id) is believed and passed on. */
  readonly trusted: boolean;
}

/** Which peers are believed. Built once per listener. */
export interface TrustedProxies {
  /** `address` as in `Client`: "" stands for a Unix socket. */
  has(address: string): boolean;
}

/**
 * Reads addresses (`10.0.0.7`), networks (`10.0.0.0/8`) and the word `unix`, which trusts whoever may open the Unix socket.
 *
 * @throws {TrustedProxyError} for the first entry that is none of these.
 */
export function trustedProxies(entries: readonly string[]): TrustedProxies {
  const list = new BlockList();
  let unix = false;
  for (const entry of entries) {
    if (entry === "unix") {
      unix = true;
      continue;
    }
    const [address = "", bits, ...rest] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const prefix = bits === undefined ? undefined : Number(bits);
    const fits = prefix === undefined || (/^\d{1,3}$/.test(bits!) && prefix <= (family === "ipv6" ? 128 : 32));
    if (isIP(address) === 0 || address.includes("%") || rest.length > 0 || !fits) throw new TrustedProxyError(entry);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, prefix, family);
  }
  return { has: (address) => (address === "" ? unix : list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")) };
}

/** An address without the IPv6 form that dual-stack sockets give to IPv4 peers (`::ffff:10.0.0.7`); "" for none. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/**
 * Who sent the request. An untrusted peer speaks for itself only. Behind a trusted one X-Forwarded-For is read from its end,
 * the part each forwarder wrote itself, up to the first address that is not trusted; whatever stands before that may be invented.
 */
export function clientOf(peer: Peer, fields: Fields, trusted: TrustedProxies): Client {
  if (!peer.trusted) return peer;
  const proto = fields.all("x-forwarded-proto").at(-1);
  const secure = proto === undefined ? peer.secure : lastItem(proto).toLowerCase() === "https";
  const chain = fields.all("x-forwarded-for").join(",");
  let client: Client = { address: peer.address, port: peer.port, secure };
  for (let end = chain.length; end > 0; ) {
    const start = chain.lastIndexOf(",", end - 1);
    const hop = parseHop(chain.slice(start + 1, end));
    // Beyond something that is no address ("unknown", garbage) nothing can be known; who reported it is the last that is sure.
    if (hop === undefined) break;
    client = { address: hop.address, port: hop.port, secure };
    if (!trusted.has(hop.address)) break;
    end = start;
  }
  return client;
}

function lastItem(list: string): string {
  return list.slice(list.lastIndexOf(",") + 1).trim();
}

/** One entry of X-Forwarded-For: an address, in some products with a port behind it. */
function parseHop(text: string): { readonly address: string; readonly port: number } | undefined {
  const entry = text.trim();
  if (isIP(entry) !== 0) return { address: plainAddress(entry), port: 0 };
  const [, inner, port = "0"] = /^(?:\[([^\]]*)\]|[\d.]+)(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const address = inner ?? entry.slice(0, entry.includes(":") ? entry.indexOf(":") : undefined);
  return isIP(address) === 0 ? undefined : { address: plainAddress(address), port: Number(port) };
}
