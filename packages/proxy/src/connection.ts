import type { Socket } from "node:net";
import type { ServerConnection } from "@mothership/http1";

/** One accepted socket: waiting for what stands before HTTP (what its balancer says, TLS), speaking HTTP, or taken over by a tunnel. */
export class Connection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #http: ServerConnection | undefined;
  #draining = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((resolve) => socket.once("close", resolve));
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
    await this.#closed;
  }

  /** Cuts it off. */
  destroy(): void {
    this.#socket.destroy();
  }
}
