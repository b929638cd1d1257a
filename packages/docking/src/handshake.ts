/** The server's half of the opening handshake (RFC 6455, 4.2). Pure. */
import { createHash } from "node:crypto";
import type { Exchange } from "@mothership/kernel";

/** A request that may become a WebSocket. */
export interface Handshake {
  /** Sec-WebSocket-Accept; undefined over HTTP/2, which needs none (RFC 8441, 5). */
  readonly accept: string | undefined;
  /** The sub-protocols offered, in the client's order of preference. */
  readonly protocols: readonly string[];
  /** Sec-WebSocket-Extensions, "" if none was offered. */
  readonly extensions: string;
}

/** Why a request cannot become one. `headers` go into the answer. */
export interface HandshakeProblem {
  readonly status: 400 | 403 | 405 | 426;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
}

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const key = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** `origins`: those that may connect from a browser; undefined for all. */
export function readHandshake(exchange: Exchange, origins?: readonly string[]): Handshake | HandshakeProblem {
  const { incoming, fields } = exchange;
  const http2 = incoming.version === "2.0";
  if (incoming.upgrade !== "websocket") return refusal(426, "this is a WebSocket endpoint", ["Upgrade", "websocket"]);
  if (!http2 && incoming.method !== "GET") return refusal(405, "a WebSocket handshake is a GET", ["Allow", "GET"]);
  if (fields.get("sec-websocket-version")?.trim() !== "13")
    return refusal(426, "only version 13 of WebSocket is spoken here", ["Sec-WebSocket-Version", "13"], ["Upgrade", "websocket"]);
  const keys = fields.all("sec-websocket-key");
  const [given = ""] = keys;
  if (!http2 && (keys.length !== 1 || !key.test(given))) return refusal(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  const protocols = offered(fields.all("sec-websocket-protocol"));
  if (!protocols) return refusal(400, "Sec-WebSocket-Protocol is no list of different tokens");
  const origin = fields.get("origin");
  if (origins && origin !== undefined && !origins.includes(origin.toLowerCase())) return refusal(403, "this origin may not connect");
  return { accept: http2 ? undefined : acceptOf(given), protocols, extensions: fields.all("sec-websocket-extensions").join(", ") };
}

/** The answer to a key that proves that the server speaks WebSocket. */
export function acceptOf(given: string): string {
  return createHash("sha1")
    .update(given + guid)
    .digest("base64");
}

function offered(values: readonly string[]): readonly string[] | undefined {
  if (values.length === 0) return [];
  const names = values
    .join(",")
    .split(",")
    .map((name) => name.trim());
  return names.every((name) => token.test(name)) && new Set(names).size === names.length ? names : undefined;
}

function refusal(status: HandshakeProblem["status"], reason: string, ...headers: (readonly [string, string])[]): HandshakeProblem {
  return { status, reason, headers };
}
