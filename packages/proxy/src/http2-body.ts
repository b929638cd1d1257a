import type { ServerHttp2Stream } from "node:http2";
import { pieceReceived, type Refusal, RequestBodyError, refusals, type ServerLimits } from "@mothership/http1";
import type { Body, BodyReader, Fields } from "@mothership/kernel";
import { trailerFields } from "./headers.ts";

/** The exchange that a request body belongs to. */
export interface Http2BodyHost {
  /** Content is awaited from now on. */
  bodyWanted(): void;
  /** Nobody wants what is still to come. */
  bodyCancelled(): void;
  /** More came than may come. */
  bodyRefused(refusal: Refusal): void;
}

type State = "unread" | "flowing" | "paused" | "over";

/** The content of one request while it arrives. Reading sets the pace: what is not read fills the stream's window, and the client stops. */
export class Http2Body implements Body {
  readonly length: number | undefined;
  received = 0;
  /** All of it came, and was handed on as far as somebody reads it. */
  complete = false;

  readonly #stream: ServerHttp2Stream;
  readonly #host: Http2BodyHost;
  readonly #maxBytes: number;
  #state: State = "unread";
  #reader: BodyReader | undefined;
  #trailers: Fields | undefined;
  #failure: Error | undefined;
  /** For telling progress from a stall. */
  #markedAt = 0;
  #markedBytes = 0;

  constructor(
    stream: ServerHttp2Stream,
    length: number | undefined,
    limits: Pick<ServerLimits, "maxBodyBytes" | "maxTrailerBytes">,
    host: Http2BodyHost,
  ) {
    this.#stream = stream;
    this.length = length;
    this.#maxBytes = limits.maxBodyBytes;
    this.#host = host;
    // From the start: where no content comes, the end does not wait for a reader.
    stream.once("end", this.#onEnd);
    stream.on("trailers", (_fields, _flags, raw) => {
      if (raw.reduce((bytes, text) => bytes + text.length + 2, 0) > limits.maxTrailerBytes) host.bodyRefused(refusals.TRAILERS_TOO_LARGE);
      else this.#trailers = trailerFields(raw);
    });
  }

  /** Somebody waits for content. */
  get wanted(): boolean {
    return this.#state === "flowing";
  }

  /** Nobody has decided about it, or somebody still reads it. */
  get held(): boolean {
    return this.#state === "flowing" || this.#state === "paused";
  }

  read(reader: BodyReader): void {
    if (this.#state !== "unread") return;
    this.#reader = reader;
    if (this.#failure) {
      this.#report(this.#failure);
      return;
    }
    if (this.complete) {
      this.#finish();
      return;
    }
    this.#state = "flowing";
    this.#stream.on("data", this.#onData);
    this.#host.bodyWanted();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "flowing";
    this.#stream.resume();
    this.#host.bodyWanted();
  }

  cancel(): void {
    if (this.#state === "over") return;
    this.#leave();
    // What still comes fills the window, and then the client waits until the stream is closed behind the answer.
    this.#stream.pause();
    this.#host.bodyCancelled();
  }

  /** It will never be complete. */
  fail(error: Error): void {
    if (this.complete || this.#failure) return;
    this.#failure = error;
    if (this.held) this.#report(error);
  }

  /** From `now` on progress counts. */
  mark(now: number): void {
    this.#markedAt = now;
    this.#markedBytes = this.received;
  }

  /** Awaited for `ms`, and in that time nothing came, or less than the rate asks for. Marks anew where enough came. */
  tooSlow(now: number, ms: number, minBytesPerSecond: number): boolean {
    const waited = now - this.#markedAt;
    if (this.#state !== "flowing" || waited < ms) return false;
    const came = this.received - this.#markedBytes;
    if (came <= 0 || came < (minBytesPerSecond * waited) / 1000) return true;
    this.mark(now);
    return false;
  }

  readonly #onData = (piece: Buffer): void => {
    this.received += piece.length;
    pieceReceived(piece.length);
    if (this.received > this.#maxBytes) {
      this.#host.bodyRefused(refusals.BODY_TOO_LARGE);
      return;
    }
    // Set before the call: a reader may resume before it returns.
    this.#state = "paused";
    const more = this.#reader?.data(piece);
    // The call may have cancelled or resumed the body.
    if ((this.#state as State) !== "paused") return;
    if (more === true) this.#state = "flowing";
    else this.#stream.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#state === "over") return;
    // The readable side ends as well when the stream was reset; then there is a code, or it was aborted, or less came than was announced.
    if (this.#stream.aborted || this.#stream.rstCode !== 0 || (this.length !== undefined && this.received < this.length)) {
      this.fail(new RequestBodyError(undefined));
      return;
    }
    this.complete = true;
    if (this.#state !== "unread") this.#finish();
  };

  #finish(): void {
    const reader = this.#reader;
    this.#leave();
    reader?.end(this.#trailers);
  }

  #report(error: Error): void {
    const reader = this.#reader;
    this.#leave();
    reader?.fail(error);
  }

  #leave(): void {
    this.#state = "over";
    this.#reader = undefined;
    this.#stream.off("data", this.#onData);
  }
}
