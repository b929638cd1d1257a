import type { Socket } from "node:net";

/** Destroys a socket so that the peer sees a reset where the transport has one, and never a clean end. */
export function resetSocket(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // Only plain TCP has a reset. Over TLS the missing close_notify says the same; over a Unix socket nothing can.
    socket.destroy();
  }
}

/** For a socket that nobody listens to any more: a late reset must not become an uncaught error. */
export function muteSocket(socket: Socket): void {
  socket.on("error", ignore);
}

const ignore = (): void => undefined;
