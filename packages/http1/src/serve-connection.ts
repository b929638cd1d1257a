import type { Socket } from "node:net";
import type { Deps } from "@mothership/kernel";
import { Connection } from "./server-connection.ts";
import { withDefaults } from "./server-settings.ts";
import type { ServerConnection, ServerSpec } from "./types.ts";

/**
 * Serves HTTP/1.1 and 1.0 on one accepted socket: plain, TLS or Unix. Takes ownership of it, until an upgrade hands it over.
 *
 * The listener must have been made with `allowHalfOpen`, or a client that closes its sending side loses its answer. `first` are bytes that
 * were already read from the socket, behind a PROXY header for example. `close()` finishes the exchange in progress with
 * `Connection: close`; the signal, or without one `closeMs`, cuts it.
 *
 * A socket handed over by `takeOver` is paused and has no listeners of ours: add one for `error` before anything else.
 */
export function serveConnection(socket: Socket, spec: ServerSpec, deps: Deps, first?: Uint8Array): ServerConnection {
  const connection = new Connection(socket, withDefaults(spec), deps);
  connection.open(first);
  return connection;
}
