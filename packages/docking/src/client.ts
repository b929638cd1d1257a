import { isUtf8 } from "node:buffer";
import type { Clock, Exchange } from "@mothership/kernel";
import { Arrival, type Refusal, refusals } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import { after, type ClientCause, type ClientState } from "./client-state.ts";
import { closeCodes } from "./close-codes.ts";
import type { BayEvents } from "./events.ts";
import type { AcceptFrame, RefuseFrame } from "./frame.ts";
import type { Handshake } from "./handshake.ts";
import { History } from "./history.ts";
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
  /** It has no link, and wants one. */
  unassigned(client: Client): void;
  gone(client: Client): void;
  emit<K extends "boarded" | "reboarded" | "left">(type: K, event: BayEvents[K]): void;
}

type Left = Omit<BayEvents["left"], "connId">;

/** One client of a bay, over as many links as it lives through. */
export class Client {
  readonly connId: number;
  readonly #host: ClientHost;
  readonly #outbox: Outbox;
  readonly #history = new History();
  #state: ClientState = "waiting";
  #arrival: Arrival | undefined;
  #socket: ServerSocket | undefined;
  #port: Port | undefined;
  #channel: Channel<Client> | undefined;
  #timer: Disposable | undefined;
  #alive = true;
  #undelivered = 0;
  #left: Left | undefined;

  constructor(connId: number, exchange: Exchange, handshake: Handshake, host: ClientHost) {
    this.connId = connId;
    this.#host = host;
    this.#outbox = new Outbox(host.budget);
    this.#timer = host.clock.timer(host.spec.limits.acceptMs, () =>
      this.turnAway(this.#state === "asking" ? refusals.late : refusals.noLink),
    );
    // Last, because a client that has left already says so at once.
    this.#arrival = new Arrival(exchange, handshake, () => this.#depart({ code: closeCodes.abnormal, reason: "", by: "client" }));
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Presents the client to the bay behind `port`. */
  board(port: Port): void {
    const { clock, spec } = this.#host;
    if (!this.#enter("boarding")) return;
    this.#port = port;
    port.add(this);
    if (this.#arrival) {
      this.#ask(port, this.#arrival);
      return;
    }
    if (!port.sendBoarding(this.#history.again(port.reboards))) {
      this.close(closeCodes.serviceRestart, "the service restarts", "mothership");
      return;
    }
    this.#host.emit("reboarded", { connId: this.connId, epoch: this.#history.epoch, inDoubt: this.#history.inDoubt });
    if (port.version === 1) this.#open(port);
    else {
      const late = (): void => this.close(closeCodes.serviceRestart, "the bay did not take the client again in time", "mothership");
      this.#timer = clock.timer(spec.limits.acceptMs, late);
    }
  }

  accepted(frame: AcceptFrame): void {
    if (this.#state === "asking") this.#complete(frame);
    else if (this.#state === "again" && this.#port) this.#open(this.#port);
  }

  refused(frame: RefuseFrame): void {
    const code = frame.status < 500 ? closeCodes.policy : closeCodes.internalError;
    if (this.#state === "again") this.close(code, "the bay did not take the client again", "bay");
    else if (this.#state === "asking") {
      this.#arrival?.refuseAs(frame);
      this.#forget();
    }
  }

  /** The bay closes the client. */
  disembarked(code: number, reason: string): void {
    if (this.#state === "asking") {
      this.#leavePort();
      this.turnAway(refusals.turnedAway);
    } else this.close(code, reason, "bay");
  }

  /** A message of the bay; `binary` is undefined in version 1. `cost` goes back as credit when the client's connection has taken it. */
  deliver(channel: Channel<Client>, data: Uint8Array, binary: boolean | undefined, cost: number): void {
    const socket = this.#socket;
    if (!socket?.open || this.#state !== "open") {
      channel.taken(cost);
      return;
    }
    const { limits, cargo } = this.#host.spec;
    const isText = binary !== true && isUtf8(data);
    const asBinary = binary ?? (cargo === "binary" || (cargo === "auto" && !isText));
    if (!asBinary && !isText) {
      this.close(closeCodes.internalError, "the bay sent text that is not UTF-8", "limit");
      return;
    }
    // Version 2 has windows instead.
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
      this.#history.delivered++;
      channel.taken(cost);
    });
  }

  /** Everything that waited for the bay has gone out. */
  emptied(): void {
    if (this.#state === "leaving") this.#depart();
    else this.read(!this.#host.budget.tight);
  }

  /** Reads from the client, if nothing of what it sent before still waits; or stops reading. */
  read(on: boolean): void {
    const socket = this.#socket;
    if (!socket?.open) return;
    if (!on) socket.pause();
    else if (this.#state === "open" && this.#outbox.empty && socket.paused) {
      // Its last pong may stand in what is only read now.
      this.#alive = true;
      socket.resume();
    }
  }

  /** The link is gone, and with it what the bay knew of this client. `keep` tells whether a later process may get it. */
  linkLost(keep: boolean): void {
    this.#release();
    this.#port = undefined;
    if (this.#socket) {
      this.#stopTimer();
      if (this.#state === "leaving") this.#forget();
      else if (!keep || !this.#history.kept) this.close(closeCodes.serviceRestart, "the service restarts", "mothership");
    }
    if (this.#enter("lost")) this.#host.unassigned(this);
  }

  /** Ends a client that has no WebSocket yet. */
  turnAway(refusal: Refusal): void {
    if (this.#state !== "waiting" && this.#state !== "asking") return;
    this.#port?.disembark(this.connId, closeCodes.tryAgainLater, refusal.reason);
    this.#arrival?.refuse(refusal);
    this.#forget();
  }

  /** Closes the client with a code; the bay is told unless it asked for it. */
  close(code: number, reason: string, by: Left["by"]): void {
    const leaving = this.#state === "leaving";
    if (!leaving && !this.#enter("closed")) return;
    this.#left ??= { code, reason, by };
    if (by !== "bay") this.#port?.disembark(this.connId, code, reason);
    if (leaving) {
      this.#forget();
      return;
    }
    this.#leavePort();
    this.#stopTimer();
    this.#outbox.clear();
    this.#socket?.close(code, reason);
  }

  /** It takes nothing while others need the room. A close frame would wait behind all that; so it is cut. */
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
    if (this.#alive) socket.ping();
    else {
      this.#left = { code: closeCodes.abnormal, reason: "the client answered no ping", by: "limit" };
      socket.terminate(this.#left.code, this.#left.reason);
    }
    this.#alive = false;
  }

  #ask(port: Port, arrival: Arrival): void {
    if (!port.sendBoarding(arrival.boarding(this.connId))) {
      this.#leavePort();
      this.turnAway(refusals.tooLarge);
      return;
    }
    if (port.version === 2) return;
    const { protocols } = this.#host.spec;
    this.#complete({ protocol: arrival.protocols.find((name) => protocols.includes(name)) ?? "", headers: [] });
  }

  #complete(answer: Pick<AcceptFrame, "protocol" | "headers">): void {
    const [arrival, port] = [this.#arrival, this.#port];
    if (!arrival || !port) return;
    const { spec } = this.#host;
    const frame = arrival.boarding(this.connId);
    this.#socket = arrival.accept(answer, spec, {
      message: (data, binary) => this.#message(data, binary),
      pong: () => {
        this.#alive = true;
      },
      closed: (code, reason) => this.#closed(code, reason),
    });
    if (!this.#socket) {
      port.disembark(this.connId, closeCodes.internalError, "the handshake could not be completed");
      this.#forget();
      return;
    }
    if (spec.reboard || port.reboards) this.#history.keep(frame);
    this.#arrival = undefined;
    this.#open(port);
    this.#host.emit("boarded", { connId: this.connId, path: frame.path });
  }

  #open(port: Port): void {
    this.#stopTimer();
    this.#enter("opened");
    this.#channel = port.mux.open(this.connId, this, this.#outbox);
    if (this.#outbox.empty) this.emptied();
    else port.mux.pump();
  }

  #message(data: Buffer, binary: boolean): void {
    this.#alive = true;
    if (this.#channel) {
      if (this.#port && data.length > this.#port.maxSend) {
        this.close(closeCodes.tooBig, "the message is longer than the bay takes", "limit");
        return;
      }
      if (this.#channel.send(data, binary, false)) return;
    } else if (this.#state === "adrift" || this.#state === "again") this.#outbox.push({ data: Uint8Array.from(data), binary });
    else return;
    if (this.#host.budget.exceeded) this.close(closeCodes.tryAgainLater, "too much waits for the bay", "limit");
    else this.#socket?.pause();
  }

  /** The client's connection is over. */
  #closed(code: number, reason: string): void {
    this.#left ??= { code, reason, by: "client" };
    // What it sent comes before the news that it left.
    if (this.#state === "open" && !this.#outbox.empty) this.#enter("left");
    else if (this.#state !== "leaving") this.#depart();
  }

  /** Tells the bay, if it has the client, that it is gone. */
  #depart(left: Left | undefined = this.#left): void {
    if (left) this.#port?.disembark(this.connId, left.code, left.reason);
    this.#forget();
  }

  #release(): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#channel = undefined;
    channel.close();
    this.#history.add(channel);
  }

  #leavePort(): void {
    this.#release();
    this.#port?.remove(this);
    this.#port = undefined;
  }

  #forget(): void {
    if (!this.#enter("over")) return;
    this.#leavePort();
    this.#stopTimer();
    this.#outbox.clear();
    this.#host.gone(this);
    if (this.#socket && this.#left) this.#host.emit("left", { connId: this.connId, ...this.#left });
  }

  #enter(cause: ClientCause): boolean {
    const next = after(this.#state, cause);
    if (next) this.#state = next;
    return next !== undefined;
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
