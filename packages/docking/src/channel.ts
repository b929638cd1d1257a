import { encodeCredit } from "./encode.ts";
import { CreditExceededError, FrameMalformedError, FrameTooLargeError } from "./errors.ts";
import type { MessageFrame } from "./frame.ts";
import { frameCost, pieceBytes } from "./limits.ts";
import type { Mux } from "./mux.ts";
import type { Outbox } from "./outbox.ts";

/** One client on one link: its credit in both directions, and the message that is arriving in pieces. */
export class Channel<T> {
  readonly connId: number;
  readonly owner: T;
  readonly outbox: Outbox;
  /** Messages of this side that were sent whole over this link. */
  sent = 0;
  /** Those of them for which the other side returned credit. */
  acknowledged = 0;
  /** Cost of received messages that were taken and not credited yet. */
  owedBytes = 0;
  readonly #mux: Mux<T>;
  #owedMessages = 0;
  #sendOutstanding = 0;
  #receiveOutstanding = 0;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #pieceCost = 0;
  #binary = false;
  #closed = false;

  constructor(mux: Mux<T>, connId: number, owner: T, outbox: Outbox) {
    this.#mux = mux;
    this.connId = connId;
    this.owner = owner;
    this.outbox = outbox;
    if (!outbox.empty) mux.wait(this);
  }

  get hasCredit(): boolean {
    return this.#mux.terms.version === 1 || this.#sendOutstanding < this.#mux.terms.sendWindow;
  }

  /** True for a message that would leave at once. */
  get clear(): boolean {
    return this.outbox.empty && this.hasCredit && this.#mux.mayWrite;
  }

  /**
   * Sends a message, or keeps it until there is credit. True when it was sent; on false the owner should stop its source until `emptied`.
   * The bytes are the channel's from here on if they are sent, or if `owned`; else a copy is kept, so that a short message
   * does not keep alive the long buffer that it was received in.
   */
  send(data: Uint8Array, binary: boolean, owned: boolean): boolean {
    if (this.#closed) return true;
    if (this.clear && (data.length <= pieceBytes || this.#mux.terms.version === 1)) {
      this.#mux.writeMessage(this.connId, { data, binary });
      this.spent(data.length + frameCost);
      this.sent++;
      return true;
    }
    this.outbox.push({ data: owned ? data : copy(data), binary });
    if (this.hasCredit) this.#mux.wait(this);
    this.#mux.pump();
    return this.outbox.empty;
  }

  /** The owner is done with a received message of this cost. */
  taken(cost: number): void {
    if (this.#closed || this.#mux.terms.version === 1) return;
    this.owedBytes += cost;
    this.#owedMessages++;
    this.#mux.owe(this, cost);
  }

  /** Ends the channel. What was not sent stays in the outbox. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.outbox.sent = 0;
    if (this.#pieces.length > 0) this.#mux.receiving(-1);
    this.#pieces = [];
    this.#mux.forget(this, this.#sendOutstanding, this.#receiveOutstanding);
  }

  // What follows is for the mux.

  /** The Credit frame for what is owed. */
  creditFrame(): Uint8Array | undefined {
    if (this.#owedMessages === 0) return undefined;
    const frame = encodeCredit(this.connId, this.owedBytes, this.#owedMessages);
    this.#receiveOutstanding -= this.owedBytes;
    this.owedBytes = this.#owedMessages = 0;
    return frame;
  }

  spent(cost: number): void {
    this.#sendOutstanding += cost;
    this.#mux.spend(cost);
  }

  /** The other side returned credit. @throws {CreditExceededError} when it returned more than it had received. */
  credited(bytes: number, messages: number): void {
    if (bytes > this.#sendOutstanding || this.acknowledged + messages > this.sent)
      throw new CreditExceededError(`More credit came back for client ${this.connId} than it had used`);
    this.#sendOutstanding -= bytes;
    this.acknowledged += messages;
    this.#mux.returned(bytes);
    if (!this.outbox.empty && this.hasCredit) this.#mux.wait(this);
  }

  /** The whole message that a frame completes, if it does. @throws when the frame breaks the rules. */
  received(frame: MessageFrame): { readonly data: Uint8Array; readonly cost: number } | undefined {
    const { data, continues } = frame;
    const { receiveWindow, maxReceive } = this.#mux.terms;
    const begins = this.#pieces.length === 0;
    if (begins && this.#receiveOutstanding >= receiveWindow)
      throw new CreditExceededError(`A message of client ${this.connId} was begun without credit`);
    if (this.#pieceBytes + data.length > maxReceive) throw new FrameTooLargeError("message", this.#pieceBytes + data.length, maxReceive);
    const cost = data.length + frameCost;
    this.#receiveOutstanding += cost;
    this.#mux.arrived(cost, begins);
    if (begins && !continues) return { data, cost };
    if (begins) {
      this.#mux.receiving(1);
      this.#binary = frame.binary;
    } else if (frame.binary !== this.#binary) throw new FrameMalformedError("Message", "a piece is of another kind than the first one");
    // A copy: the piece is a view of a chunk that holds other frames too.
    this.#pieces.push(copy(data));
    this.#pieceBytes += data.length;
    this.#pieceCost += cost;
    return continues ? undefined : this.#assemble();
  }

  #assemble(): { readonly data: Uint8Array; readonly cost: number } {
    const whole = { data: Buffer.concat(this.#pieces), cost: this.#pieceCost };
    this.#pieces = [];
    this.#pieceBytes = this.#pieceCost = 0;
    this.#mux.receiving(-1);
    return whole;
  }
}

function copy(data: Uint8Array): Uint8Array {
  // Not from Node's pool, which would stay alive as a whole.
  const bytes = Buffer.allocUnsafeSlow(data.length);
  bytes.set(data);
  return bytes;
}
