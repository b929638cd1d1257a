import type { WriteStream } from "node:tty";

/**
 * Lets writes to a terminal wait in this process instead of stopping it. Node writes to terminals synchronously: one that takes nothing,
 * because of Ctrl-S or a connection that hangs, would stop everything, requests and health checks of a whole fleet too. After this
 * `writableNeedDrain` tells that it is behind, and whoever writes much has to look at it.
 */
export function unblock(stream: WriteStream): void {
  // Not in Node's documentation, but there since version 0.12, and what its own terminals are made blocking with. Without it nothing changes.
  const handle: unknown = Reflect.get(stream, "_handle");
  if (typeof handle !== "object" || handle === null) return;
  const setBlocking: unknown = Reflect.get(handle, "setBlocking");
  if (typeof setBlocking === "function") Reflect.apply(setBlocking, handle, [false]);
}
