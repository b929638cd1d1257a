import { createHash } from "node:crypto";
import type { Fields } from "@mothership/kernel";

/** What is wrong with the opening handshake of a client (RFC 6455, 4.2.1), or undefined. `version`: it speaks another version than 13. */
export function handshakeProblem(fields: Fields): "version" | "key" | undefined {
  if (fields.get("sec-websocket-version") !== "13") return "version";
  // 16 bytes in base64: 22 characters and two of padding; the last one carries only two bits.
  const keys = fields.all("sec-websocket-key");
  return keys.length === 1 && /^[A-Za-z\d+/]{21}[AQgw]==$/.test(keys[0]!) ? undefined : "key";
}

const handshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The `Sec-WebSocket-Accept` that proves a server read the handshake with this key (RFC 6455, 4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + handshakeGuid)
    .digest("base64");
}
