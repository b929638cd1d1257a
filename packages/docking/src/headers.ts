import { type Exchange, FieldError, Fields, type ResponseHead } from "@mothership/kernel";
import type { HeaderPair } from "./frame.ts";

/** Of the handshake or of the connection: they mean nothing to a bay. */
const ofTheHandshake = new Set([
  "connection",
  "upgrade",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "content-length",
  "http2-settings",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
]);

/** Written by whoever completes the handshake; a bay cannot say them. */
const ofTheServer = new Set([...ofTheHandshake, "date", "sec-websocket-accept", "sec-websocket-protocol", "trailer"]);

/**
 * The headers of a Boarding: lower-case names, repeats joined by ", " (cookies by "; ", RFC 9113, 8.2.3), one character for each byte.
 *
 * They are those of the exchange's list, in which the listener has put or left out what a client must not forge. What it did not put there
 * about the connection is added.
 */
export function boardingHeaders({ fields, client, incoming, id }: Exchange): Readonly<Record<string, string>> {
  const joined = new Map<string, string>();
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (ofTheHandshake.has(key)) continue;
    const before = joined.get(key);
    joined.set(key, before === undefined ? fields.value(index) : `${before}${key === "cookie" ? "; " : ", "}${fields.value(index)}`);
  }
  const add = (name: string, value: string): void => {
    if (value !== "" && !joined.has(name)) joined.set(name, value);
  };
  add("host", incoming.authority);
  add("x-forwarded-for", client.address);
  add("x-forwarded-proto", client.secure ? "https" : "http");
  add("x-forwarded-host", incoming.authority);
  add("x-request-id", id);
  return Object.fromEntries(joined);
}

/** What completes a handshake. */
export interface Acceptance {
  readonly accept: string | undefined;
  /** "" for none. */
  readonly protocol: string;
  /** The answer to the offered extensions; "" for none. */
  readonly extensions: string;
  readonly headers: readonly HeaderPair[];
}

/** The head of the 101. Undefined when the bay named a header that cannot be sent. */
export function acceptanceHead({ accept, protocol, extensions, headers }: Acceptance): ResponseHead | undefined {
  const fields = bayFields(headers);
  if (!fields) return undefined;
  // Over HTTP/1.1, `takeOver` adds Upgrade and Connection, which are the wire's own.
  if (accept !== undefined) fields.append("Sec-WebSocket-Accept", accept);
  if (protocol !== "") fields.append("Sec-WebSocket-Protocol", protocol);
  if (extensions !== "") fields.append("Sec-WebSocket-Extensions", extensions);
  return { status: accept === undefined ? 200 : 101, fields };
}

/** A bay's header pairs without those that are not its to say. Undefined when one of them cannot be sent. */
export function bayFields(headers: readonly HeaderPair[]): Fields | undefined {
  try {
    return Fields.from(headers.filter(([name]) => !ofTheServer.has(name.toLowerCase())));
  } catch (error) {
    if (error instanceof FieldError) return undefined;
    throw error;
  }
}
