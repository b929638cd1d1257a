import { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What is joined here is never longer. */
export const joinBytes = 32_768;

/**
 * Where all that leaves this thread for plain sockets is joined, so that a write costs a copy and no buffer. Such a socket has given everything to
 * the system when `write` returns; or else it keeps the store, and the next join has a new one.
 */
let store = Buffer.allocUnsafeSlow(joinBytes);

/** True for a socket that may be done with what it writes as soon as `write` returns. TLS never is. */
export const writesAtOnce = (socket: Socket): boolean => socket instanceof Socket && !(socket instanceof TLSSocket);

/** Writes the parts as one. `atOnce`: what `writesAtOnce` says of the socket. `bytes`: of all parts, at most `joinBytes`. */
export function writeJoined(socket: Socket, parts: readonly (string | Uint8Array)[], bytes: number, atOnce: boolean): void {
  // Where something waits already, so will this, and a store would be held for a few bytes.
  if (!atOnce || socket.writableLength > 0) {
    const own = Buffer.allocUnsafe(bytes);
    join(parts, own);
    socket.write(own);
    return;
  }
  join(parts, store);
  socket.write(store.subarray(0, bytes));
  if (socket.writableLength > 0) store = Buffer.allocUnsafeSlow(joinBytes);
}

function join(parts: readonly (string | Uint8Array)[], whole: Buffer): void {
  let at = 0;
  for (const part of parts) {
    if (typeof part === "string") whole.write(part, at, "latin1");
    else whole.set(part, at);
    at += part.length;
  }
}
