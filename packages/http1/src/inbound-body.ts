import type { Body, BodyReader, Fields } from "@mothership/kernel";
import { ChunkedDecoder } from "./chunked.ts";
import { chunked, type Framing, untilClose } from "./framing.ts";
import type { Inbox } from "./inbox.ts";
import { refusals } from "./refusals.ts";
import { relayableTrailers } from "./trailers.ts";
import type { ChunkLimits, HeadLimits, Refusal } from "./types.ts";

/** The connection that a body arrives on. */
export interface BodySource {
  /** Content is wanted from now on: feed what is there, and let more come. */
  bodyWanted(body: InboundBody): void;
  /** Content is not wanted any more. */
  bodyCancelled(body: InboundBody, reason: Error): void;
}

type State = "unread" | "flowing" | "paused" | "discarding" | "over";

/** The content of one message while it arrives. The connection feeds it; the reader sets the pace. */
export class InboundBody implements Body {
  readonly length: number | undefined;
  /** Content bytes that arrived, whether somebody wanted them or not. */
  received = 0;
  /** All of it arrived, and was handed on or thrown away. */
  complete = false;
  /** What is wrong with the bytes; nothing more is taken then. */
  refusal: Refusal | undefined;

  readonly #source: BodySource;
  readonly #framing: Framing;
  readonly #maxBytes: number;
  readonly #decoder: ChunkedDecoder | undefined;
  #state: State = "unread";
  #reader: BodyReader | undefined;
  #failure: Error | undefined;
  #feeding = false;

  constructor(framing: Framing, limits: ChunkLimits & HeadLimits, maxBytes: number, source: BodySource) {
    this.#framing = framing;
    this.#maxBytes = maxBytes;
    this.#source = source;
    this.length = framing >= 0 ? framing : undefined;
    this.#decoder = framing === chunked ? new ChunkedDecoder(limits) : undefined;
  }

  /** Bytes may be fed: somebody takes them or throws them away. */
  get wanted(): boolean {
    return (this.#state === "flowing" || this.#state === "discarding") && !this.complete && !this.refusal;
  }

  /** A reader waits for more. */
  get beingRead(): boolean {
    return (this.#state === "flowing" || this.#state === "paused") && !this.complete;
  }

  /** Content bytes to come; infinite where that is not known or where they never will. */
  get left(): number {
    if (this.complete) return 0;
    return this.length === undefined || this.#failure ? Number.POSITIVE_INFINITY : this.length - this.received;
  }

  read(reader: BodyReader): void {
    if (this.#state !== "unread") return;
    this.#state = "flowing";
    this.#reader = reader;
    if (this.#failure) {
      this.#report(this.#failure);
      return;
    }
    if (this.complete) {
      this.#end(undefined);
      return;
    }
    this.#source.bodyWanted(this);
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "flowing";
    // A reader that resumes while a piece is being handed to it is served by the loop that does so.
    if (!this.#feeding) this.#source.bodyWanted(this);
  }

  cancel(reason: Error): void {
    if (this.#state === "discarding" || this.#state === "over") return;
    this.#reader = undefined;
    this.#state = this.complete || this.#failure ? "over" : "discarding";
    if (this.#state === "discarding") this.#source.bodyCancelled(this, reason);
  }

  /** Takes what belongs to this body out of the inbox, as far as it is wanted. True when the body is complete. */
  feed(inbox: Inbox): boolean {
    if (this.#feeding) return false;
    this.#feeding = true;
    while (inbox.length > 0 && this.wanted) {
      if (this.#decoder) this.#feedChunks(this.#decoder, inbox);
      else this.#feedPlain(inbox);
    }
    this.#feeding = false;
    return this.complete;
  }

  /** The connection ended. Only content that is delimited by that is complete now. */
  inputEnded(): boolean {
    if (this.#framing !== untilClose || this.complete) return this.complete;
    this.complete = true;
    if (this.#state === "flowing" || this.#state === "paused") this.#end(undefined);
    return true;
  }

  /** It will never be complete. */
  fail(error: Error): void {
    if (this.complete || this.#failure) return;
    this.#failure = error;
    if (this.#state === "flowing" || this.#state === "paused") this.#report(error);
    else if (this.#state === "discarding") this.#state = "over";
  }

  #feedPlain(inbox: Inbox): void {
    const from = inbox.at;
    const to = Math.min(inbox.end, from + this.left);
    const bytes = inbox.bytes;
    inbox.take(to);
    this.received += to - from;
    const last = this.left === 0;
    this.#deliver(bytes, from, to);
    if (!last) return;
    this.complete = true;
    this.#end(undefined);
  }

  #feedChunks(decoder: ChunkedDecoder, inbox: Inbox): void {
    const bytes = inbox.bytes;
    const to = decoder.read(bytes, inbox.at, inbox.end);
    this.received += decoder.to - decoder.from;
    if (decoder.refusal || this.received > this.#maxBytes) {
      this.refusal = decoder.refusal ?? refusals.BODY_TOO_LARGE;
      return;
    }
    inbox.take(to);
    if (decoder.to > decoder.from) this.#deliver(bytes, decoder.from, decoder.to);
    if (!decoder.ended) return;
    this.complete = true;
    this.#end(relayableTrailers(decoder.trailers));
  }

  #deliver(bytes: Buffer, from: number, to: number): void {
    if (this.#state !== "flowing") return;
    const whole = from === 0 && to === bytes.length;
    // Set before the call: a reader may resume before it returns.
    this.#state = "paused";
    const more = this.#reader?.data(whole ? bytes : bytes.subarray(from, to));
    // The call may have cancelled or resumed the body.
    if (more === true && (this.#state as State) === "paused") this.#state = "flowing";
  }

  #end(trailers: Fields | undefined): void {
    const reader = this.#reader;
    const heard = this.#state === "flowing" || this.#state === "paused";
    if (this.#state !== "unread") this.#state = "over";
    this.#reader = undefined;
    if (heard) reader?.end(trailers);
  }

  #report(error: Error): void {
    const reader = this.#reader;
    this.#state = "over";
    this.#reader = undefined;
    reader?.fail(error);
  }
}
