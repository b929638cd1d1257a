import type { Socket } from "node:net";
import type { Clock } from "@mothership/kernel";
import { type ProxyHeader, parseProxyHeader } from "./proxy-protocol.ts";

/** How long a balancer may take for its header. */
const headerMs = 5000;

/** What stands before the first request: what a header said of the client, if there was one, and the bytes that came behind it. */
export interface Preamble {
  readonly client: ProxyHeader["client"];
  readonly rest: Buffer;
}

/**
 * Reads the PROXY protocol header of a connection, then hands the socket on. Nothing of a client is looked at before the header is
 * whole. With `optional`, a connection that begins with something else, or is silent, is handed on as it is.
 *
 * `onReady` has to listen to the socket before it returns. `onRefused` is told why a connection is of no use, and destroys it. Neither is
 * called when the socket closes before.
 */
export function readPreamble(
  socket: Socket,
  optional: boolean,
  clock: Clock,
  onReady: (preamble: Preamble) => void,
  onRefused: (reason: string) => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  const stop = (): void => {
    timer[Symbol.dispose]();
    socket.off("data", onData).off("end", onEnd).off("close", stop).off("error", onError);
  };
  const ready = (client: ProxyHeader["client"], rest: Buffer): void => {
    stop();
    // The socket flows; whoever takes it listens before this returns, so that nothing is lost.
    onReady({ client, rest });
  };
  const refuse = (reason: string): void => {
    stop();
    onRefused(reason);
  };
  const onData = (piece: Buffer): void => {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    const result = parseProxyHeader(held);
    if (result === "incomplete") return;
    if (result === "absent") {
      if (optional) ready(undefined, held);
      else refuse("there is no PROXY protocol header");
    } else if ("reason" in result) refuse(result.reason);
    else ready(result.client, held.subarray(result.length));
  };
  const onEnd = (): void => refuse("the connection ended within the header");
  // What is wrong with the socket is told by its close; without a listener it would end the process.
  const onError = (): void => undefined;
  const timer = clock.timer(headerMs, () => {
    // A browser may open a connection long before it needs it. Half a header is nothing that anybody means.
    if (optional && held.length === 0) ready(undefined, held);
    else refuse("the header did not come in time");
  });
  socket.on("data", onData).on("end", onEnd).on("close", stop).on("error", onError);
}
