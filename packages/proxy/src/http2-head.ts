import { isAuthority, type Refusal, refusals } from "@mothership/http1";
import { Fields } from "@mothership/kernel";
import { hostOf } from "./authority.ts";
import { http2Refusals } from "./http2-refusals.ts";

/** What the head of a request over HTTP/2 means, once nothing can be said against it. */
export interface Http2Head {
  readonly method: string;
  /** Origin-form with the query, or `*`. */
  readonly target: string;
  readonly authority: string;
  /** Without the pseudo-headers; the pieces of Cookie are one field. */
  readonly fields: Fields;
  /** The protocol of an extended CONNECT (RFC 8441), lower case; the method is GET then, as it would be over HTTP/1.1. */
  readonly upgrade: string | undefined;
  /** Bytes of content, if the client said so beforehand. */
  readonly length: number | undefined;
  readonly expectsContinue: boolean;
  readonly takesTrailers: boolean;
}

/** What a head may hold. */
export interface Http2HeadRules {
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  readonly maxTargetBytes: number;
  readonly maxBodyBytes: number;
  readonly upgrades: readonly string[];
}

interface Pseudo {
  method?: string;
  scheme?: string;
  path?: string;
  authority?: string;
  protocol?: string;
}

const pseudoNames: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority", ":protocol"]);
/** A token without capitals (RFC 9113, 8.2.1). */
const fieldName = /^[!#$%&'*+\-.^_`|~\da-z]+$/;
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** Visible characters, blanks and bytes above ASCII, with no blank at either end. */
const fieldValue = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
/** What may stand in a request line; no fragment, and no backslash, which some readers take for a slash. */
const targetText = /^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);
/** Two values would let two readers decide differently (RFC 9110, 5.3). */
const single: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "content-type", "host", "content-length"]);
/** Gateways that hand fields to programs as variables cannot tell these from the real ones. */
const disguised = /^(?:content[-_.]+length|transfer[-_.]+encoding)$/;
const maxMethodLength = 32;

/**
 * Reads the fields of a request as they came, names and values in turn, or says why it is refused (RFC 9113, 8.2 and 8.3). Pure.
 *
 * `bodyless`: the stream ended with the head.
 */
export function readHttp2Head(raw: readonly string[], bodyless: boolean, rules: Http2HeadRules): Http2Head | Refusal {
  const pseudo: Pseudo = {};
  const problem = readPseudo(raw, pseudo);
  if (problem) return problem;
  const fields = readFields(raw, rules);
  if ("code" in fields) return fields;
  const { method, upgrade, refusal } = methodOf(pseudo, rules.upgrades);
  if (refusal) return refusal;
  const target = targetOf(pseudo, method, rules.maxTargetBytes);
  if (typeof target !== "string") return target;
  const authority = authorityOf(pseudo, fields);
  if (typeof authority !== "string") return authority;
  const length = fields.get("content-length");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return refusals.LENGTH_BAD;
  if (length !== undefined && Number(length) > rules.maxBodyBytes) return refusals.BODY_TOO_LARGE;
  const expect = fields.all("expect").join(",");
  if (fields.has("expect") && expect.toLowerCase() !== "100-continue") return refusals.EXPECTATION_UNKNOWN;
  return {
    method,
    target,
    authority,
    fields,
    upgrade,
    length: bodyless ? 0 : length === undefined ? undefined : Number(length),
    expectsContinue: fields.has("expect") && !bodyless,
    takesTrailers: fields.get("te") === "trailers",
  };
}

/** Takes out the pseudo-headers, which stand first and once each. */
function readPseudo(raw: readonly string[], pseudo: Pseudo): Refusal | undefined {
  let regular = false;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    if (name.charCodeAt(0) !== 0x3a) {
      regular = true;
      continue;
    }
    // The set holds exactly the keys of Pseudo behind their colons.
    const key = name.slice(1) as keyof Pseudo;
    if (regular || !pseudoNames.has(name) || pseudo[key] !== undefined) return http2Refusals.MS_HTTP2_PSEUDO_HEADER;
    pseudo[key] = raw[index + 1]!;
  }
  return undefined;
}

function readFields(raw: readonly string[], rules: Http2HeadRules): Fields | Refusal {
  const fields = new Fields();
  const seen = new Set<string>();
  const cookies: string[] = [];
  let bytes = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    const value = raw[index + 1]!;
    bytes += name.length + value.length + 4;
    if (name.charCodeAt(0) === 0x3a) continue;
    if (!fieldName.test(name) || !fieldValue.test(value)) return http2Refusals.MS_HTTP2_FIELD;
    if (ofConnection.has(name) || (name === "te" && value !== "trailers")) return http2Refusals.MS_HTTP2_CONNECTION_FIELD;
    if (name !== "content-length" && disguised.test(name)) return refusals.FRAMING_DISGUISED;
    if (single.has(name)) {
      if (seen.has(name)) return name === "content-length" ? refusals.LENGTH_REPEATED : refusals.FIELD_REPEATED;
      seen.add(name);
    }
    // Cut into pieces for the sake of compression (RFC 9113, 8.2.3); whoever is behind us expects one.
    if (name === "cookie" && cookies.push(value) > 1) continue;
    fields.appendParsed(name, name, value);
  }
  if (bytes > rules.maxHeadBytes) return refusals.HEAD_TOO_LARGE;
  if (fields.size > rules.maxFields) return refusals.FIELDS_TOO_MANY;
  if (cookies.length > 1) fields.set("cookie", cookies.join("; "));
  return fields;
}

interface Method {
  readonly method: string;
  readonly upgrade: string | undefined;
  readonly refusal?: Refusal;
}

function methodOf({ method = "", protocol }: Pseudo, upgrades: readonly string[]): Method {
  const plain = { method, upgrade: undefined };
  if (method.length > maxMethodLength) return { ...plain, refusal: refusals.METHOD_TOO_LONG };
  if (!token.test(method)) return { ...plain, refusal: refusals.METHOD_BAD };
  if (method !== "CONNECT") return protocol === undefined ? plain : { ...plain, refusal: http2Refusals.MS_HTTP2_PSEUDO_HEADER };
  if (protocol === undefined) return { ...plain, refusal: refusals.METHOD_REFUSED };
  const upgrade = protocol.toLowerCase();
  return upgrades.includes(upgrade) ? { method: "GET", upgrade } : { ...plain, refusal: http2Refusals.MS_HTTP2_PROTOCOL_UNKNOWN };
}

function targetOf({ scheme, path = "" }: Pseudo, method: string, maxBytes: number): string | Refusal {
  if (path.length > maxBytes) return refusals.TARGET_TOO_LONG;
  if (scheme !== "https" && scheme !== "http") return http2Refusals.MS_HTTP2_TARGET;
  return targetText.test(path) || (path === "*" && method === "OPTIONS") ? path : http2Refusals.MS_HTTP2_TARGET;
}

/** One host and port, whichever of the two fields says it; both must say the same. */
function authorityOf({ authority }: Pseudo, fields: Fields): string | Refusal {
  const host = fields.get("host");
  const named = authority ?? host ?? "";
  const differs =
    authority !== undefined && host !== undefined && (hostOf(authority) !== hostOf(host) || portOf(authority) !== portOf(host));
  return differs || !isAuthority(named) ? http2Refusals.MS_HTTP2_AUTHORITY : named;
}

const portOf = (authority: string): string => /:(\d+)$/.exec(authority)?.[1] ?? "";
