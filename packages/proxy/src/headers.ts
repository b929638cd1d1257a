/**
 * The only builder of outgoing header fields.
 *
 * A request: fields of the connection are left out, then those the client named in Connection, then everything only we may say;
 * ours are added last. In that order a client can neither remove nor forge what we add (RFC 9110, 7.6.1; CVE-2024-45410).
 */
import { relayableTrailers } from "@mothership/http1";
import { Fields } from "@mothership/kernel";
import type { Peer } from "./client.ts";

/** What the proxy tells upstreams about itself and the client. */
export interface ForwardingSpec {
  /** The name in Via, added to every forwarded request (RFC 9110, 7.6.3). Default "mothership". */
  readonly via?: string;
  /** Also send `Forwarded` (RFC 7239). Default false. */
  readonly forwarded?: boolean;
}

/** The facts about one request that go into its fields. */
export interface RequestFacts {
  readonly peer: Peer;
  readonly id: string;
  /** Host and port the client asked for. */
  readonly authority: string;
  readonly version: "1.0" | "1.1" | "2.0";
}

/** Fields of one connection, never forwarded. Their framing and Connection fields are written by the codec. */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
];

/** Said by us alone, or by a trusted peer. */
const forwardedNames = [
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-forwarded-prefix",
  "x-forwarded-ssl",
  "x-request-id",
  "x-real-ip",
  "forwarded",
];

/** Fields that cannot be nominated away: without them the message would mean something else (RFC 9110, 7.6.1 forbids naming them). */
const endToEnd = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "content-range",
  "cookie",
  "set-cookie",
  "authorization",
  "origin",
  "cache-control",
  "location",
  "date",
]);

type Action = "pass" | "drop" | "own" | "te" | "hops";

/** What is done with a request field, by name. Common names stand here only so that they skip the look at unknown ones. */
const requestActions = new Map<string, Action>([
  ...hopByHop.map((name) => [name, "drop"] as const),
  ...forwardedNames.map((name) => [name, "own"] as const),
  // Content-Length is the codec's; Expect is carried beside the fields; a "Proxy" field becomes HTTP_PROXY in CGI programs (httpoxy).
  ...["host", "content-length", "expect", "proxy"].map((name) => [name, "drop"] as const),
  ["te", "te"],
  ["max-forwards", "hops"],
  ...[
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "content-type",
    "cookie",
    "if-modified-since",
    "if-none-match",
    "origin",
    "pragma",
    "range",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "upgrade-insecure-requests",
    "user-agent",
  ].map((name) => [name, "pass"] as const),
]);

const droppedResponseNames = new Set([...hopByHop, "x-mothership-error"]);
/**
 * The fields of a request as they are decided on and forwarded. Host stands first, as the client's authority (an absolute target
 * replaces Host; RFC 9112, 3.2.2).
 */
export function requestFields(received: Fields, facts: RequestFacts, spec: ForwardingSpec = {}): Fields {
  const { peer, authority } = facts;
  const out = new Fields();
  if (authority !== "") out.appendParsed("Host", "host", authority);
  const nominated = nominatedBy(received);
  let chain = "";
  let proto = peer.secure ? "https" : "http";
  let host = authority;
  for (let index = 0; index < received.size; index++) {
    const key = received.key(index);
    const value = received.value(index);
    const action = requestActions.get(key) ?? unknownAction(key);
    if (action === "pass") {
      if (!nominated?.has(key)) out.appendParsed(received.name(index), key, value);
    } else if (action === "hops") {
      out.appendParsed(received.name(index), key, oneHopLess(value));
    } else if (action === "te") {
      // The one transfer coding that is about the message and not the hop: this client understands trailers, and we relay them.
      if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|;|$)/i.test(value) && !out.has("te")) out.appendParsed("TE", "te", "trailers");
    } else if (action === "own" && peer.trusted && !nominated?.has(key)) {
      if (key === "x-forwarded-for") chain = chain === "" ? value : `${chain}, ${value}`;
      else if (key === "x-forwarded-host") host = value;
      else if (key === "x-forwarded-proto") proto = knownProto(value) ?? proto;
      else if (key !== "x-request-id") out.appendParsed(received.name(index), key, value);
    }
  }
  if (peer.address !== "") chain = chain === "" ? peer.address : `${chain}, ${peer.address}`;
  if (chain !== "") out.appendParsed("X-Forwarded-For", "x-forwarded-for", chain);
  out.appendParsed("X-Forwarded-Proto", "x-forwarded-proto", proto);
  if (host !== "") out.appendParsed("X-Forwarded-Host", "x-forwarded-host", host);
  if (spec.forwarded) out.appendParsed("Forwarded", "forwarded", forwardedElement(facts, proto));
  out.appendParsed("X-Request-Id", "x-request-id", facts.id);
  out.appendParsed("Via", "via", `${facts.version} ${spec.via ?? "mothership"}`);
  return out;
}

/** The fields of an upstream's response (interim and 101 too) as the client gets them. */
export function responseFields(received: Fields): Fields {
  const out = new Fields();
  const nominated = nominatedBy(received);
  for (let index = 0; index < received.size; index++) {
    const key = received.key(index);
    if (droppedResponseNames.has(key) || nominated?.has(key)) continue;
    out.appendParsed(received.name(index), key, received.value(index));
  }
  return out;
}

/** Of the trailers of a request over HTTP/2 (names and values in turn) those that may be relayed; undefined when none is left. */
export function trailerFields(raw: readonly string[]): Fields | undefined {
  const trailers = new Fields();
  // Names come in lower case; one with a colon is none of a field.
  for (let index = 0; index < raw.length; index += 2)
    if (!raw[index]!.startsWith(":")) trailers.appendParsed(raw[index]!, raw[index]!, raw[index + 1]!);
  return relayableTrailers(trailers);
}

/** How often this proxy's name stands in Via: as many times has the request been here, or at another with that name. */
export function hopsThrough(received: Fields, via = "mothership"): number {
  if (!received.has("via")) return 0;
  return received
    .all("via")
    .join(",")
    .split(",")
    .filter((hop) => hop.trim().split(/[ \t]+/)[1] === via).length;
}

/** Names in Connection that are to be removed with it, or undefined for none beyond the usual options. */
function nominatedBy(fields: Fields): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let index = 0; index < fields.size; index++) {
    if (fields.key(index) !== "connection") continue;
    const value = fields.value(index);
    if (value === "keep-alive" || value === "close" || value === "Upgrade") continue;
    for (const item of value.split(",")) {
      const name = item.trim().toLowerCase();
      if (name !== "" && !endToEnd.has(name)) names = (names ?? new Set()).add(name);
    }
  }
  return names;
}

/**
 * `X_Forwarded_For` and `X.Forwarded.For` become the same variable as the dashed name in CGI, WSGI and Rack programs,
 * and would be believed there. Such variants of names that we own, or that frame a message, go; other names with an underscore pass.
 */
function unknownAction(key: string): Action {
  if (key.startsWith("x-forwarded-")) return "own";
  if (!key.includes("_") && !key.includes(".")) return "pass";
  const dashed = key.replaceAll(/[_.]/g, "-");
  const meant = requestActions.get(dashed);
  return dashed.startsWith("x-forwarded-") || (meant !== undefined && meant !== "pass") ? "drop" : "pass";
}

/** RFC 9110, 7.6.2. Something that is no number is left alone: the next recipient ignores it as we do. */
function oneHopLess(value: string): string {
  return /^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value;
}

function knownProto(value: string): string | undefined {
  const last = value
    .slice(value.lastIndexOf(",") + 1)
    .trim()
    .toLowerCase();
  return last === "https" || last === "http" ? last : undefined;
}

function forwardedElement({ peer, authority }: RequestFacts, proto: string): string {
  const address = peer.address === "" ? "unknown" : peer.address.includes(":") ? `"[${peer.address}]"` : peer.address;
  return `for=${address};proto=${proto}${authority === "" ? "" : `;host="${authority}"`}`;
}
