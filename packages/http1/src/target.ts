import { isIPv6 } from "node:net";
import type { RequestHead } from "./parse-head.ts";
import { refusals } from "./refusals.ts";
import type { Refusal } from "./types.ts";

/** What a request is about, after its target and its Host were brought together (RFC 9112, 3.2 and 3.3). */
export interface Destination {
  /** Origin-form or `*`. */
  readonly target: string;
  /** Host and port as sent; "" when an HTTP/1.0 client named none. */
  readonly authority: string;
}

const label = "[\\dA-Za-z_](?:[\\dA-Za-z_-]*[\\dA-Za-z_])?";
const named = new RegExp(`^${label}(?:\\.${label})*\\.?(?::(\\d{1,5}))?$`);
const bracketed = /^\[([\d:A-Fa-f.]+)\](?::(\d{1,5}))?$/;
const maxAuthorityLength = 261;
let lastAuthority = "a";

/**
 * True for a host name or address with an optional port. Narrower than the grammar of RFC 3986, 3.2.2, on purpose: percent signs,
 * commas, "@" and other delimiters in a host are how one request is made to look like two hosts to two readers.
 */
export function isAuthority(text: string): boolean {
  // Most requests of a process name the host that the one before named.
  if (text === lastAuthority) return true;
  if (!fitsAuthority(text)) return false;
  lastAuthority = text;
  return true;
}

function fitsAuthority(text: string): boolean {
  if (text.length > maxAuthorityLength) return false;
  const name = named.exec(text);
  if (name) return Number(name[1] ?? 0) <= 65_535;
  const address = bracketed.exec(text);
  return address !== null && isIPv6(address[1]!) && Number(address[2] ?? 0) <= 65_535;
}

/** Brings target and Host together, or says why they cannot stand. An absolute target replaces Host (RFC 9112, 3.2.2). */
export function destination(head: RequestHead): Destination | Refusal {
  const { hosts, host } = head.wire;
  if (hosts > 1) return refusals.HOST_REPEATED;
  if (hosts === 0 && head.minor === 1) return refusals.HOST_MISSING;
  if (hosts === 1 && !isAuthority(host)) return refusals.HOST_BAD;
  const { target } = head;
  if (target.charCodeAt(0) === 0x2f) return { target, authority: host };
  if (target === "*") return head.method === "OPTIONS" ? { target, authority: host } : refusals.TARGET_FORM;
  return absolute(target, head.method);
}

function absolute(target: string, method: string): Destination | Refusal {
  const parts = /^([A-Za-z][\dA-Za-z+.-]*):\/\/([^/?]*)(.*)$/.exec(target);
  if (!parts) return refusals.TARGET_FORM;
  const [, scheme, authority, rest] = parts as unknown as [string, string, string, string]; // every group takes part in a match
  if (!/^https?$/i.test(scheme) || authority.includes("@")) return refusals.TARGET_SCHEME;
  if (!isAuthority(authority)) return refusals.HOST_BAD;
  // "http://host" with OPTIONS asks about the server as a whole (RFC 9112, 3.2.4).
  if (rest === "") return { target: method === "OPTIONS" ? "*" : "/", authority };
  return { target: rest.startsWith("/") ? rest : `/${rest}`, authority };
}
