import type { Socket } from "node:net";
import type { ServerConnection } from "@mothership/http1";
import type { Placed } from "./running-list.ts";

/** One accepted socket: waiting for what stands before HTTP (what its balancer says, TLS), speaking HTTP, or taken over by a tunnel. */
export class Connection implements Placed {
  place = -1;
  readonly #socket: Socket;
  #closed = false;
  #http: ServerConnection | undefined;
  #draining = false;

  constructor(socket: Socket, onClosed: (connection: Connection) => void) {
    this.#socket = socket;
    socket.once("close", () => {
      this.#closed = true;
      onClosed(this);
    });
  }

  /** It speaks HTTP from now on. */
  speak(http: ServerConnection): void {
    this.#http = http;
    const left = (): void => {
      this.#http = undefined;
      // An upgrade that was under way when the drain began.
      if (this.#draining) this.#socket.destroy();
    };
    http.done.then(left, left);
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    // A tunnel may stay open for days. Waiting for it would only use up the grace of the requests.
    if (this.#http) await this.#http.close({ signal });
    else this.#socket.destroy();
    if (!this.#closed) await new Promise((resolve) => this.#socket.once("close", resolve));
  }

  /** Cuts it off. */
  destroy(): void {
    this.#socket.destroy();
  }
}
