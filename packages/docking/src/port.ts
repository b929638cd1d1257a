import type { Clock } from "@mothership/kernel";
import type { Client } from "./client.ts";
import { encodeFrame } from "./encode.ts";
import { FrameTooLargeError, FrameUnexpectedError } from "./errors.ts";
import type { BoardingFrame, Frame, FrameType } from "./frame.ts";
import type { BayLimits } from "./limits.ts";
import type { MooredLink } from "./link.ts";
import { Boarded, Mux } from "./mux.ts";

/** What a port tells the bay that it belongs to. */
export interface PortHost {
  /** It takes clients from now on. */
  opened(port: Port): void;
  /** The bay asked for the link to be drained. */
  drainAsked(port: Port): void;
  /** The link has room again. */
  drained(port: Port): void;
}

/** A moored link and the clients on it. */
export class Port {
  readonly link: MooredLink;
  readonly mux: Mux<Client>;
  /** The bay takes new clients here. */
  accepting = false;
  /** It is being handed over: no message is begun on it any more. */
  draining = false;
  readonly #boarded = new Boarded();
  readonly #clients = new Map<number, Client>();
  readonly #limits: BayLimits;
  readonly #host: PortHost;

  constructor(link: MooredLink, limits: BayLimits, clock: Clock, host: PortHost) {
    this.link = link;
    this.#limits = limits;
    this.#host = host;
    const terms = {
      version: link.version,
      sendWindow: link.terms?.window ?? 0,
      sendLinkWindow: link.terms?.linkWindow ?? 0,
      receiveWindow: limits.clientWindowBytes,
      receiveLinkWindow: limits.maxLinkBytes,
      maxReceive: limits.maxMessageBytes,
    };
    const listener = {
      message: (channel: Parameters<Client["deliver"]>[0], data: Uint8Array, binary: boolean, cost: number) =>
        channel.owner.deliver(channel, data, link.version === 1 ? undefined : binary, cost),
      emptied: (channel: { readonly owner: Client }) => channel.owner.emptied(),
      stray: (connId: number, type: FrameType) => this.#boarded.check(connId, type, this.#clients.has(connId)),
    };
    this.mux = new Mux<Client>(terms, link.stream, listener, clock);
  }

  get version(): 1 | 2 {
    return this.link.version;
  }

  /** The bay knows clients that were boarded before. */
  get reboards(): boolean {
    return this.link.features.includes("reboard");
  }

  /** Longest message that the bay takes. In version 1 it is a whole frame. */
  get maxSend(): number {
    return this.link.terms?.maxMessage ?? this.#limits.maxFrameBytes - 4;
  }

  /** Clients on it, those included that the bay has not answered for. */
  get size(): number {
    return this.#clients.size;
  }

  /** A new client may board here. */
  get open(): boolean {
    return this.accepting && !this.draining && !this.mux.congested;
  }

  clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  add(client: Client): void {
    this.#clients.set(client.connId, client);
    this.#boarded.add(client.connId);
  }

  remove(client: Client): void {
    this.#clients.delete(client.connId);
  }

  /** False when the client's headers do not fit a frame. */
  sendBoarding({ protocols = [], ...frame }: BoardingFrame): boolean {
    try {
      this.link.stream.write(encodeFrame(this.version === 1 ? frame : { ...frame, protocols }, this.#limits), 1);
      return true;
    } catch (error) {
      if (error instanceof FrameTooLargeError) return false;
      throw error;
    }
  }

  disembark(connId: number, code: number, reason: string): void {
    // A reason is at most a client's 123 bytes or a sentence of ours: it always fits.
    this.link.send({ type: "disembark", connId, code, reason });
  }

  /** Stops reading from a bay of version 1, which no credit holds back, and goes on. */
  read(on: boolean): void {
    if (this.version === 2) return;
    if (on) this.link.stream.resume();
    else this.link.stream.pause();
  }

  /** Stops sending and asks the bay to finish. */
  drain(withinMs: number): void {
    if (this.draining) return;
    this.draining = true;
    this.mux.hold();
    this.mux.flushCredit();
    this.link.send({ type: "drain", withinMs });
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case "message":
      case "credit":
      case "cargo":
        if ((frame.type === "cargo") !== (this.version === 1))
          throw new FrameUnexpectedError(frame.type, "it belongs to the other version");
        this.mux.receive(frame);
        return;
      case "disembark":
        this.#clients.get(frame.connId)?.disembarked(frame.code, frame.reason);
        return;
      case "accept":
        this.#clients.get(frame.connId)?.accepted(frame);
        return;
      case "refuse":
        this.#clients.get(frame.connId)?.refused(frame);
        return;
      case "ready":
        this.accepting = frame.accepting;
        if (frame.accepting) this.#host.opened(this);
        return;
      case "drain":
        this.#host.drainAsked(this);
        return;
      default:
        throw new FrameUnexpectedError(frame.type, "a bay does not send it");
    }
  }

  /** The link has sent what it had. */
  drained(): void {
    this.mux.pump();
    this.#host.drained(this);
  }

  /** The link is gone: its clients are let go one by one. */
  lost(keep: boolean): void {
    this.accepting = false;
    this.draining = true;
    this.mux.close();
    for (const client of this.clients()) {
      this.remove(client);
      client.linkLost(keep);
    }
  }
}
