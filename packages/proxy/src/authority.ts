import { isIPv6 } from "node:net";

const label = "[\\dA-Za-z_](?:[\\dA-Za-z_-]*[\\dA-Za-z_])?";
const named = new RegExp(`^${label}(?:\\.${label})*\\.?(?::(\\d{1,5}))?$`);
const bracketed = /^\[([\d:A-Fa-f.]+)\](?::(\d{1,5}))?$/;
const maxAuthorityLength = 261;

/**
 * True for a host name or address with an optional port, by the rules of `@mothership/http1`: narrower than RFC 3986, 3.2.2, because percent
 * signs, commas, "@" and other delimiters in a host are how one request is made to look like two hosts to two readers.
 */
export function isAuthority(text: string): boolean {
  if (text.length > maxAuthorityLength) return false;
  const name = named.exec(text);
  if (name) return Number(name[1] ?? 0) <= 65_535;
  const address = bracketed.exec(text);
  return address !== null && isIPv6(address[1]!) && Number(address[2] ?? 0) <= 65_535;
}

/** The host of an authority: lower case, without port and closing dot, IPv6 in its brackets. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(":");
  const host = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  return (host.endsWith(".") ? host.slice(0, -1) : host).toLowerCase();
}
