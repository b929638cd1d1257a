/**
 * One client of a bay, over as many links as it lives through.
 *
 * waiting: the request is not answered, and no bay was asked. asking: a bay was sent Boarding. open: the WebSocket is there and the bay has the
 * client. adrift: the link was lost, the WebSocket stays. again: a new link was sent Boarding. leaving: the client closed, and what it
 * sent before is still on its way to the bay. closing: this side closed, and the client has to answer. gone.
 */
import { isUtf8 } from "node:buffer";
import type { Clock, Exchange } from "@mothership/kernel";
import { Arrival, type Refusal, refusals } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import { closeCodes } from "./close-codes.ts";
import type { BayEvents } from "./events.ts";
import type { AcceptFrame, BoardingFrame, RefuseFrame } from "./frame.ts";
import type { Handshake } from "./handshake.ts";
import { type Budget, Outbox } from "./outbox.ts";
import type { Port } from "./port.ts";
import type { Pressure } from "./pressure.ts";
import type { ServerSocket } from "./server-socket.ts";
import type { CompleteBaySpec } from "./spec.ts";

/** What a client needs of the bay that it belongs to. */
export interface ClientHost {
  readonly spec: CompleteBaySpec;
  readonly clock: Clock;
  /** Bytes that wait for the bay. */
  readonly budget: Budget;
  /** Bytes that wait for clients. */
  readonly pressure: Pressure<Client>;
  /** It is nobody's any more and wants a link. */
  unassigned(client: Client): void;
  gone(client: Client): void;
  emit<K extends "boarded" | "reboarded" | "left">(type: K, event: BayEvents[K]): void;
}

type State = "waiting" | "asking" | "open" | "adrift" | "again" | "leaving" | "closing" | "gone";
type Culprit = BayEvents["left"]["by"];

export class Client {
  readonly connId: number;
  state: State = "waiting";
  /** Heard from since the last ping. */
  alive = true;
  readonly #host: ClientHost;
  readonly #outbox: Outbox;
  #arrival: Arrival | undefined;
  #socket: ServerSocket | undefined;
  #port: Port | undefined;
  #channel: Channel<Client> | undefined;
  #timer: Disposable | undefined;
  /** What it boarded with, as JSON, which is the shortest form to keep; undefined where it can never board again. */
  #boarding: Buffer | undefined;
  #undelivered = 0;
  #epoch = 0;
  #sent = 0;
  #taken = 0;
  #delivered = 0;
  #left: { readonly code: number; readonly reason: string; readonly by: Culprit } | undefined;

  constructor(connId: number, exchange: Exchange, handshake: Handshake, host: ClientHost) {
    this.connId = connId;
    this.#host = host;
    this.#outbox = new Outbox(host.budget);
    this.#timer = host.clock.timer(host.spec.limits.acceptMs, () =>
      this.turnAway(this.state === "asking" ? refusals.late : refusals.noLink),
    );
    // Last, because a client that has left already says so at once.
    this.#arrival = new Arrival(exchange, handshake, () => this.#vanished());
  }

  /** Wants a link. */
  get homeless(): boolean {
    return this.state === "waiting" || this.state === "adrift";
  }

  /** Presents the client to the bay behind `port`. */
  board(port: Port): void {
    this.#port = port;
    port.add(this);
    if (this.state === "adrift") this.#boardAgain(port);
    else this.#ask(port);
  }

  accepted(frame: AcceptFrame): void {
    if (this.state === "asking") this.#complete(frame);
    else if (this.state === "again") this.#resumed();
  }

  refused(frame: RefuseFrame): void {
    if (this.state === "again")
      this.close(frame.status < 500 ? closeCodes.policy : closeCodes.internalError, "the bay did not take the client again", "bay");
    else if (this.state === "asking") {
      this.#arrival?.refuseAs(frame);
      this.#forget();
    }
  }

  /** The bay closes the client. */
  disembarked(code: number, reason: string): void {
    if (this.state === "asking") {
      this.#leavePort();
      this.turnAway(refusals.turnedAway);
    } else this.close(code, reason, "bay");
  }

  /** A message of the bay. `cost` goes back as credit when the client's connection has taken it. */
  deliver(channel: Channel<Client>, data: Uint8Array, binary: boolean | undefined, cost: number): void {
    const socket = this.#socket;
    if (!socket?.open || this.state !== "open") {
      channel.taken(cost);
      return;
    }
    const { limits, cargo } = this.#host.spec;
    const asBinary = binary ?? (cargo === "binary" || (cargo === "auto" && !isUtf8(data)));
    if (!asBinary && !isUtf8(data)) {
      this.close(closeCodes.internalError, "the bay sent text that is not UTF-8", "limit");
      return;
    }
    if (binary === undefined && this.#undelivered > 0 && this.#undelivered + cost > limits.maxClientBytes) {
      this.close(closeCodes.tryAgainLater, "too much waits for this client", "limit");
      return;
    }
    this.#undelivered += cost;
    this.#host.pressure.add(this, cost);
    // What the system does not take at once stays for a while, and must not keep the long buffer alive that it came in.
    const bytes = socket.backlog > 0 && data.length < data.buffer.byteLength / 2 ? Uint8Array.from(data) : data;
    socket.send(bytes, asBinary, () => {
      this.#undelivered -= cost;
      this.#host.pressure.took(this, cost, this.#undelivered);
      this.#delivered++;
      channel.taken(cost);
    });
  }

  /** Everything that waited for the bay has gone out. */
  emptied(): void {
    if (this.state === "leaving") this.#depart();
    else if (this.state === "open" && this.#socket?.paused) this.#socket.resume();
  }

  /** The link is gone, and with it what the bay knew of this client. `keep` tells whether a later process may get it. */
  linkLost(keep: boolean): void {
    const { state } = this;
    this.#release();
    this.#port = undefined;
    if (state === "again") this.#stopTimer();
    if (state === "asking") {
      this.state = "waiting";
      this.#host.unassigned(this);
    } else if (state === "leaving") this.#forget();
    else if (keep && this.#boarding) {
      this.state = "adrift";
      this.#host.unassigned(this);
    } else this.close(closeCodes.serviceRestart, "the service restarts", "mothership");
  }

  /** Ends a client that has no WebSocket yet. */
  turnAway(refusal: Refusal): void {
    if (this.state !== "waiting" && this.state !== "asking") return;
    this.#port?.disembark(this.connId, closeCodes.tryAgainLater, refusal.reason);
    this.#arrival?.refuse(refusal);
    this.#forget();
  }

  /** Closes the client with a code; the bay is told unless it asked for it. */
  close(code: number, reason: string, by: Culprit): void {
    if (this.state === "closing" || this.state === "gone" || !this.#socket) return;
    this.#left ??= { code, reason, by };
    if (by !== "bay") this.#port?.disembark(this.connId, code, reason);
    if (this.state === "leaving") {
      this.#forget();
      return;
    }
    this.#leavePort();
    this.#stopTimer();
    this.#outbox.clear();
    this.state = "closing";
    this.#socket.close(code, reason);
  }

  /** Takes nothing while others need the room. The close frame would wait behind all that; so there is none. */
  stalled(): number {
    const bytes = this.#undelivered;
    this.close(closeCodes.tryAgainLater, "the client does not read", "limit");
    this.#socket?.terminate(closeCodes.tryAgainLater, "the client does not read");
    return bytes;
  }

  /** Cuts the connection, whatever the state. */
  terminate(): void {
    this.turnAway(refusals.noLink);
    this.#socket?.terminate();
  }

  /** Asks the client for a sign of life, and cuts it when it gave none since the last time. */
  ping(): void {
    const socket = this.#socket;
    // What is not read cannot show its pong.
    if (!socket?.open || socket.paused) return;
    if (!this.alive) {
      this.#left = { code: closeCodes.abnormal, reason: "the client answered no ping", by: "limit" };
      socket.terminate(closeCodes.abnormal, "the client answered no ping");
      return;
    }
    this.alive = false;
    socket.ping();
  }

  #ask(port: Port): void {
    const arrival = this.#arrival;
    if (!arrival) return;
    const frame = arrival.boarding(this.connId);
    this.state = "asking";
    if (!port.sendBoarding(frame)) {
      this.#leavePort();
      this.turnAway(refusals.tooLarge);
      return;
    }
    if (port.version === 2) return;
    const { protocols } = this.#host.spec;
    this.#complete({ protocol: arrival.protocols.find((name) => protocols.includes(name)) ?? "", headers: [] });
  }

  #complete(answer: Pick<AcceptFrame, "protocol" | "headers">): void {
    const { spec } = this.#host;
    const { limits, deflate } = spec;
    const arrival = this.#arrival!;
    const port = this.#port!;
    const socket = arrival.accept(answer, { maxMessageBytes: limits.maxMessageBytes, closeMs: limits.closeMs }, deflate, {
      message: (data, binary) => this.#message(data, binary),
      pong: () => {
        this.alive = true;
      },
      closed: (code, reason) => this.#closed(code, reason),
    });
    if (!socket) {
      port.disembark(this.connId, closeCodes.internalError, "the handshake could not be completed");
      this.#forget();
      return;
    }
    this.#stopTimer();
    this.#socket = socket;
    const frame = arrival.boarding(this.connId);
    if (spec.reboard || port.reboards) this.#boarding = Buffer.from(JSON.stringify(frame));
    this.#arrival = undefined;
    this.#open(port);
    this.#host.emit("boarded", { connId: this.connId, path: frame.path });
  }

  #boardAgain(port: Port): void {
    // Written by `#complete`, from a frame.
    const frame = JSON.parse(this.#boarding!.toString()) as BoardingFrame;
    this.#epoch++;
    this.state = "again";
    const reboarding = { epoch: this.#epoch, sent: this.#sent, taken: this.#taken, delivered: this.#delivered };
    if (!port.sendBoarding(port.reboards ? { ...frame, reboarding } : frame)) {
      this.close(closeCodes.serviceRestart, "the service restarts", "mothership");
      return;
    }
    this.#host.emit("reboarded", { connId: this.connId, epoch: this.#epoch, inDoubt: this.#sent - this.#taken });
    if (port.version === 1) this.#resumed();
    else {
      this.#timer = this.#host.clock.timer(this.#host.spec.limits.acceptMs, () =>
        this.close(closeCodes.serviceRestart, "the bay did not take the client again in time", "mothership"),
      );
    }
  }

  #resumed(): void {
    this.#stopTimer();
    this.#open(this.#port!);
    if (this.#outbox.empty) this.emptied();
  }

  #open(port: Port): void {
    this.state = "open";
    this.#channel = port.mux.open(this.connId, this, this.#outbox);
    port.mux.pump();
  }

  #message(data: Buffer, binary: boolean): void {
    this.alive = true;
    const { budget } = this.#host;
    if (this.#channel) {
      if (data.length > this.#port!.maxSend) {
        this.close(closeCodes.tooBig, "the message is longer than the bay takes", "limit");
        return;
      }
      if (this.#channel.send(data, binary, false)) return;
    } else if (this.state === "adrift" || this.state === "again") this.#outbox.push({ data: Uint8Array.from(data), binary });
    else return;
    if (budget.exceeded) this.close(closeCodes.tryAgainLater, "too much waits for the bay", "limit");
    else this.#socket?.pause();
  }

  /** The client's connection is over. */
  #closed(code: number, reason: string): void {
    this.#left ??= { code, reason, by: "client" };
    if (this.state === "open" && !this.#outbox.empty) this.state = "leaving";
    else if (this.state === "closing" || this.state === "adrift") this.#forget();
    else if (this.state !== "gone" && this.state !== "leaving") this.#depart();
  }

  /** Tells the bay that the client has left. */
  #depart(): void {
    const { code, reason } = this.#left ?? { code: closeCodes.abnormal, reason: "" };
    this.#port?.disembark(this.connId, code, reason);
    this.#forget();
  }

  /** It left before it was answered. */
  #vanished(): void {
    this.#port?.disembark(this.connId, closeCodes.abnormal, "the client left during the handshake");
    this.#forget();
  }

  #release(): void {
    const channel = this.#channel;
    if (!channel) return;
    channel.close();
    this.#sent += channel.sent;
    this.#taken += channel.acknowledged;
    this.#channel = undefined;
  }

  #leavePort(): void {
    this.#release();
    this.#port?.remove(this);
    this.#port = undefined;
  }

  #forget(): void {
    if (this.state === "gone") return;
    const had = this.#socket !== undefined;
    this.#leavePort();
    this.#stopTimer();
    this.#outbox.clear();
    this.state = "gone";
    this.#host.gone(this);
    if (had && this.#left) this.#host.emit("left", { connId: this.connId, ...this.#left });
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
