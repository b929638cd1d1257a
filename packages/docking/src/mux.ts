/**
 * Many clients over one link, the same on both sides: who may send when, and what is done with what comes.
 *
 * 1. `open` makes the channel of a client. `Channel.send` writes a message at once if it may, else puts it into the client's outbox.
 * 2. A message is begun while its client and the link have credit (version 1: while the link takes bytes). Its further pieces need none.
 * 3. Channels with something to send wait in turn: those in the middle of a message, and those that want to begin one.
 * 4. A received message is handed over whole; when its owner calls `Channel.taken`, credit goes back, in batches.
 * 5. `Channel.close` ends it and leaves what was not sent in the outbox, for the next link.
 */
import type { Clock } from "@mothership/kernel";
import { Channel } from "./channel.ts";
import { cargoHead, messageHead } from "./encode.ts";
import { CreditExceededError, FrameUnexpectedError } from "./errors.ts";
import type { Frame, FrameType } from "./frame.ts";
import { frameCost, maxBegunMessages, pieceBytes } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { Turns } from "./turns.ts";

/** Where frames are written to. */
export interface MuxWire {
  write(bytes: Uint8Array, frames: number): void;
  /** Bytes written that have not left. */
  readonly backlog: number;
}

/** What was agreed for one link. In version 1 there are no windows: whatever stands there is not looked at. */
export interface MuxTerms {
  readonly version: 1 | 2;
  /** What the other side takes. */
  readonly sendWindow: number;
  readonly sendLinkWindow: number;
  /** What this side takes. */
  readonly receiveWindow: number;
  readonly receiveLinkWindow: number;
  readonly maxReceive: number;
}

/** Tells frames for clients that have left from those for clients that never were. */
export class Boarded {
  #highest = 0;

  add(connId: number): void {
    this.#highest = Math.max(this.#highest, connId);
  }

  /** @throws {FrameUnexpectedError} for a number that was never boarded on this link, or is that of a client `here`, who cannot be sent to yet. */
  check(connId: number, type: FrameType, here: boolean): void {
    if (here) throw new FrameUnexpectedError(type, `client ${connId} was not accepted yet`);
    if (connId > this.#highest) throw new FrameUnexpectedError(type, `client ${connId} never boarded`);
  }
}

/** Who owns the clients of a mux. */
export interface MuxListener<T> {
  /** A whole message. The owner calls `channel.taken(cost)` when it is done with it, on time or late, but once. */
  message(channel: Channel<T>, data: Uint8Array, binary: boolean, cost: number): void;
  /** Everything that waited in the channel's outbox was sent. */
  emptied(channel: Channel<T>): void;
  /** A frame for a client that has no channel. It may have left while the frame was on its way. @throws if that cannot be. */
  stray(connId: number, type: FrameType): void;
}

/** Messages of this size and less are copied behind their head; longer ones are written beside it. */
const copiedBytes = 16_384;
/** The link takes no new message while so many bytes wait to leave. */
const maxBacklog = 1_048_576;
/** Credit that is owed goes back after this time at the latest. */
const creditDelayMs = 50;

export class Mux<T> {
  readonly terms: MuxTerms;
  readonly #wire: MuxWire;
  readonly #listener: MuxListener<T>;
  readonly #clock: Clock;
  readonly #channels = new Map<number, Channel<T>>();
  /** In the middle of a message of several pieces. */
  readonly #begun = new Turns<Channel<T>>();
  /** With a message to begin, and credit of their own. */
  readonly #waiting = new Turns<Channel<T>>();
  readonly #owing = new Set<Channel<T>>();
  #sendOutstanding = 0;
  #receiveOutstanding = 0;
  #owed = 0;
  #receiving = 0;
  #creditTimer: Disposable | undefined;
  #held = false;
  #closed = false;

  constructor(terms: MuxTerms, wire: MuxWire, listener: MuxListener<T>, clock: Clock) {
    this.terms = terms;
    this.#wire = wire;
    this.#listener = listener;
    this.#clock = clock;
  }

  /** Bytes that the other side sent and for which no credit went back yet. */
  get unreturned(): number {
    return this.#receiveOutstanding;
  }

  /** True when so much waits to leave that nothing should be added. */
  get congested(): boolean {
    return this.#wire.backlog >= maxBacklog;
  }

  /** The channel of a client that boarded. What waits in `outbox` is sent first. */
  open(connId: number, owner: T, outbox: Outbox): Channel<T> {
    const channel = new Channel<T>(this, connId, owner, outbox);
    this.#channels.set(connId, channel);
    return channel;
  }

  /** Handles a Message, Cargo or Credit frame. @throws what breaks the rules: the link is to be cut. */
  receive(frame: Extract<Frame, { readonly type: "message" | "cargo" | "credit" }>): void {
    const channel = this.#channels.get(frame.connId);
    if (!channel) {
      this.#listener.stray(frame.connId, frame.type);
      return;
    }
    if (frame.type === "credit") {
      channel.credited(frame.bytes, frame.messages);
      this.pump();
    } else if (frame.type === "cargo") this.#listener.message(channel, frame.data, false, frame.data.length + frameCost);
    else {
      const whole = channel.received(frame);
      if (whole) this.#listener.message(channel, whole.data, frame.binary, whole.cost);
    }
  }

  /** Sends what may be sent, one message or piece of each channel in turn. To be called when the wire has drained. */
  pump(): void {
    while (!this.congested && !this.#held) {
      const piece = this.#begun.first;
      if (piece) this.#sendPiece(piece);
      const next = this.#mayBegin ? this.#waiting.first : undefined;
      if (next) this.#begin(next);
      if (!piece && !next) return;
    }
  }

  /** Sends no message and no piece from now on. What comes is still received, and credit returned. */
  hold(): void {
    this.#held = true;
  }

  /** Sends all owed credit now. */
  flushCredit(): void {
    this.#creditTimer?.[Symbol.dispose]();
    this.#creditTimer = undefined;
    for (const channel of this.#owing) this.#returnCredit(channel);
  }

  /** Closes every channel; their outboxes keep what was not sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = this.#held = true;
    this.#creditTimer?.[Symbol.dispose]();
    for (const channel of this.#channels.values()) channel.close();
  }

  // What follows is for channels.

  /** True if a channel with credit of its own may begin a message that fits one frame. */
  get mayWrite(): boolean {
    return this.#mayBegin && !this.congested && !this.#held && this.#waiting.size === 0;
  }

  writeMessage(connId: number, { data, binary }: { readonly data: Uint8Array; readonly binary: boolean }): void {
    if (this.terms.version === 1) this.#write((room) => cargoHead(connId, data.length, room), data);
    else this.#write((room) => messageHead(connId, binary, false, data.length, room), data);
  }

  spend(cost: number): void {
    this.#sendOutstanding += cost;
  }

  wait(channel: Channel<T>): void {
    if (!this.#begun.has(channel)) this.#waiting.add(channel);
  }

  /** Counts a received frame. @throws {CreditExceededError} */
  arrived(cost: number, beginsMessage: boolean): void {
    if (beginsMessage && this.#receiveOutstanding >= this.terms.receiveLinkWindow)
      throw new CreditExceededError("A message was begun without credit of the link");
    this.#receiveOutstanding += cost;
  }

  /** A message of several pieces begins (1) or ends (-1) to arrive. */
  receiving(change: 1 | -1): void {
    this.#receiving += change;
    if (this.#receiving > maxBegunMessages)
      throw new FrameUnexpectedError("Message", `more than ${maxBegunMessages} messages are incomplete at once`);
  }

  owe(channel: Channel<T>, cost: number): void {
    this.#owed += cost;
    this.#owing.add(channel);
    // Half a window at a time; and many small debts together must not use up the window of the link.
    if (channel.owedBytes * 2 >= this.terms.receiveWindow) this.#returnCredit(channel);
    else if (this.#owed * 4 >= this.terms.receiveLinkWindow) this.flushCredit();
    else this.#creditTimer ??= this.#clock.timer(creditDelayMs, () => this.flushCredit());
  }

  /** Forgets a channel; what was outstanding for it is outstanding no more. */
  forget(channel: Channel<T>, sendOutstanding: number, receiveOutstanding: number): void {
    this.#channels.delete(channel.connId);
    this.#begun.delete(channel);
    this.#waiting.delete(channel);
    if (this.#owing.delete(channel)) this.#owed -= channel.owedBytes;
    this.#sendOutstanding -= sendOutstanding;
    this.#receiveOutstanding -= receiveOutstanding;
    if (!this.#closed) this.pump();
  }

  returned(cost: number): void {
    this.#sendOutstanding -= cost;
  }

  get #mayBegin(): boolean {
    return this.terms.version === 1 || this.#sendOutstanding < this.terms.sendLinkWindow;
  }

  #begin(channel: Channel<T>): void {
    const message = channel.outbox.first;
    this.#waiting.delete(channel);
    if (!message || !channel.hasCredit) return;
    if (this.terms.version === 2 && message.data.length > pieceBytes) {
      // Behind the others: until one of the 16 has ended, it would only be looked at again.
      if (this.#begun.size < maxBegunMessages) this.#sendPiece(channel);
      else this.#waiting.add(channel);
      return;
    }
    this.writeMessage(channel.connId, message);
    channel.spent(message.data.length + frameCost);
    this.#shifted(channel);
  }

  #sendPiece(channel: Channel<T>): void {
    const { outbox } = channel;
    const message = outbox.first!;
    const data = message.data.subarray(outbox.sent, outbox.sent + pieceBytes);
    outbox.sent += data.length;
    const continues = outbox.sent < message.data.length;
    this.#write((room) => messageHead(channel.connId, message.binary, continues, data.length, room), data);
    channel.spent(data.length + frameCost);
    // To the end of the turn order.
    this.#begun.delete(channel);
    if (continues) this.#begun.add(channel);
    else this.#shifted(channel);
  }

  #shifted(channel: Channel<T>): void {
    channel.outbox.shift();
    channel.sent++;
    if (channel.outbox.empty) this.#listener.emptied(channel);
    else if (channel.hasCredit) this.#waiting.add(channel);
  }

  #write(head: (room: number) => Buffer, data: Uint8Array): void {
    if (data.length <= copiedBytes) {
      const frame = head(data.length);
      frame.set(data, frame.length - data.length);
      this.#wire.write(frame, 1);
    } else {
      this.#wire.write(head(0), 0);
      this.#wire.write(data, 1);
    }
  }

  #returnCredit(channel: Channel<T>): void {
    this.#owing.delete(channel);
    this.#owed -= channel.owedBytes;
    this.#receiveOutstanding -= channel.owedBytes;
    const frame = channel.creditFrame();
    if (frame) this.#wire.write(frame, 1);
  }
}
