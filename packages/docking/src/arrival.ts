import { STATUS_CODES } from "node:http";
import { bodyOf, type Exchange, Fields, type ResponseHead } from "@mothership/kernel";
import type { AcceptFrame, BoardingFrame, RefuseFrame } from "./frame.ts";
import type { Handshake } from "./handshake.ts";
import { acceptanceHead, bayFields, boardingHeaders } from "./headers.ts";
import { acceptDeflate, ServerSocket, type SocketListener } from "./server-socket.ts";
import type { CompleteBaySpec } from "./spec.ts";

/** An answer of mothership itself to a request that becomes no WebSocket. */
export interface Refusal {
  readonly status: number;
  /** Machine-readable, in kebab-case; sent as X-Mothership-Error. */
  readonly reason: string;
  /** One sentence for whoever sees it. */
  readonly message: string;
  readonly headers?: readonly (readonly [string, string])[];
}

const retry = [["Retry-After", "1"]] as const;

export const refusals = {
  noLink: {
    status: 503,
    reason: "bay-unavailable",
    message: "The service behind this address is not available at the moment.",
    headers: retry,
  },
  full: { status: 503, reason: "bay-full", message: "The service behind this address takes no more clients.", headers: retry },
  late: { status: 504, reason: "bay-timeout", message: "The service behind this address did not answer in time." },
  turnedAway: { status: 403, reason: "bay-refused", message: "The service behind this address did not take the connection." },
  badAnswer: { status: 502, reason: "bay-invalid", message: "The service behind this address gave an answer that is not valid." },
  tooLarge: { status: 431, reason: "boarding-too-large", message: "The header fields of the request are too long." },
} as const satisfies Record<string, Refusal>;

/** Answers with a refusal. */
export function refuse(exchange: Exchange, { status, reason, message, headers = [] }: Refusal): void {
  const fields = Fields.from([
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Mothership-Error", reason],
    ...headers,
  ]);
  exchange.respond({ status, fields }, bodyOf(`${status} ${STATUS_CODES[status] ?? "Error"}\n${message}\n`));
}

/** A handshake that was not answered yet. */
export class Arrival {
  readonly #exchange: Exchange;
  readonly #handshake: Handshake;
  #boarding: BoardingFrame | undefined;
  #over = false;

  /** `left` is called when the client goes away before it was answered. */
  constructor(exchange: Exchange, handshake: Handshake, left: () => void) {
    this.#exchange = exchange;
    this.#handshake = handshake;
    exchange.onFinished(() => {
      if (this.#over) return;
      this.#over = true;
      left();
    });
  }

  /** False once it was answered or the client left. */
  get open(): boolean {
    return !this.#over;
  }

  get protocols(): readonly string[] {
    return this.#handshake.protocols;
  }

  boarding(connId: number): BoardingFrame {
    if (this.#boarding) return this.#boarding;
    const { path, query, client } = this.#exchange;
    const { protocols } = this.#handshake;
    const headers = boardingHeaders(this.#exchange);
    this.#boarding = { type: "boarding", connId, path: path + query, remoteAddr: client.address, headers, protocols };
    return this.#boarding;
  }

  refuse(refusal: Refusal): void {
    if (this.#over) return;
    this.#over = true;
    refuse(this.#exchange, refusal);
  }

  /** Answers with what the bay said. False when that cannot be sent: then 502 was. */
  refuseAs({ status, headers, body }: RefuseFrame): boolean {
    const fields = bayFields(headers);
    if (!fields) this.refuse(refusals.badAnswer);
    else if (!this.#over) {
      this.#over = true;
      this.#exchange.respond({ status, fields }, bodyOf(body));
    }
    return fields !== undefined;
  }

  /**
   * Answers with 101. Undefined when the bay's answer is not valid (a sub-protocol that was not offered, a header that cannot be sent);
   * then the client got 502; also when the connection is gone.
   */
  accept(frame: Pick<AcceptFrame, "protocol" | "headers">, spec: CompleteBaySpec, listener: SocketListener): ServerSocket | undefined {
    const { maxMessageBytes, closeMs } = spec.limits;
    const { accept, protocols, extensions } = this.#handshake;
    const { protocol, headers } = frame;
    const deflate = spec.deflate ? acceptDeflate(extensions, maxMessageBytes) : undefined;
    const head = acceptanceHead({ accept, protocol, headers, extensions: deflate?.extensions ?? "" });
    if (!head || (protocol !== "" && !protocols.includes(protocol))) {
      this.refuse(refusals.badAnswer);
      return undefined;
    }
    if (this.#over) return undefined;
    this.#over = true;
    const tunnel = this.#takeOver(head);
    return tunnel && new ServerSocket(tunnel, protocol, { maxMessageBytes, closeMs, deflate }, listener);
  }

  #takeOver(head: ResponseHead) {
    try {
      return this.#exchange.incoming.takeOver(head);
    } catch {
      // The request ended in this very turn: there is no client to tell.
      return undefined;
    }
  }
}
