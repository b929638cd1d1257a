import type { Body, BodyReader, Fields, ResponseHead, Tunnel } from "@mothership/kernel";
import { chunkEnd, chunkHead } from "./chunked.ts";
import { BodyLengthError, UpstreamError, type UpstreamFailure } from "./errors.ts";
import type { Output } from "./output.ts";
import { announcedTrailers } from "./trailers.ts";
import type { ClientExchange, Outgoing, Refusal, ResponseHandler } from "./types.ts";
import { type Delimiter, lastChunk, requestHead } from "./write-head.ts";

/** The connection, as the call that goes out on it sees it. */
export interface CallHost {
  readonly output: Output;
  /** The system does not keep up with the request. */
  writeBlocked(): void;
  /** The whole request is in the output. */
  requestSent(call: Call): void;
  /** Nothing more is wanted: the connection is of no use to anybody else. */
  drop(call: Call, reason: Error): void;
}

type Sending = "waiting" | "held" | "sending" | "sent" | "stopped";

// Made once: an error costs more than all else that is done for a small request.
const noContent = new Error("there is no content");

const methodsWithContent: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** One request and what came of it; also the reader of the request body. */
export class Call implements ClientExchange, BodyReader {
  readonly outgoing: Outgoing;
  readonly handler: ResponseHandler;
  /** 1xx responses that came. */
  interims = 0;
  /** It went out on a connection that had been used before. */
  reused = false;
  /** Anything of a response came. */
  answered = false;
  /** `response` or `upgraded` was called. */
  responded = false;
  /** Nothing of it is left: it ended, failed or was cancelled. */
  over = false;

  readonly #delimiter: Delimiter;
  readonly #text: string;
  readonly #onCancelled: (call: Call) => void;
  #host: CallHost | undefined;
  #sending: Sending = "waiting";
  #sentBytes = 0;
  #starting = false;

  /** @throws {FieldError} when the request cannot be sent as it is. */
  constructor(outgoing: Outgoing, handler: ResponseHandler, onCancelled: (call: Call) => void) {
    this.outgoing = outgoing;
    this.handler = handler;
    this.#onCancelled = onCancelled;
    const { length } = outgoing.body;
    this.#delimiter = length ?? "chunked";
    // No content needs no framing, except where its absence would surprise (RFC 9110, 8.6).
    if (length === 0 && !methodsWithContent.has(outgoing.method)) this.#delimiter = "none";
    this.#text = requestHead(outgoing, this.#delimiter);
  }

  /** The request was handed to a connection: some of it may have reached the upstream. */
  get written(): boolean {
    return this.#host !== undefined;
  }

  get sent(): boolean {
    return this.#sending === "sent";
  }

  /** Waits for 100 before its body. */
  get held(): boolean {
    return this.#sending === "held";
  }

  /** Goes out on a connection. */
  start(host: CallHost, reused: boolean): void {
    this.#host = host;
    this.reused = reused;
    host.output.push(this.#text);
    const { body, expectsContinue } = this.outgoing;
    if (body.length === 0) {
      this.#sending = "sent";
      host.output.flush();
      body.cancel(noContent);
      host.requestSent(this);
    } else if (expectsContinue) {
      this.#sending = "held";
      host.output.flush();
    } else this.sendBody();
  }

  /** Starts the body, unless it has started or is not wanted. */
  sendBody(): void {
    if (this.#sending !== "waiting" && this.#sending !== "held") return;
    this.#sending = "sending";
    this.#starting = true;
    this.outgoing.body.read(this);
    this.#starting = false;
    this.#host?.output.flush();
  }

  /** No more of the body goes out; the request stays incomplete. */
  stopBody(reason: Error): void {
    if (this.#sending === "sent" || this.#sending === "stopped") return;
    this.#sending = "stopped";
    this.outgoing.body.cancel(reason);
  }

  /** The system takes bytes again. */
  drained(): void {
    if (this.#sending === "sending") this.outgoing.body.resume();
  }

  cancel(reason: Error): void {
    if (this.over) return;
    this.over = true;
    this.stopBody(reason);
    this.#host?.drop(this, reason);
    this.#onCancelled(this);
  }

  data(piece: Uint8Array): boolean {
    const host = this.#host;
    if (this.#sending !== "sending" || !host) return false;
    // An empty chunk would end the body.
    if (piece.length === 0) return true;
    this.#sentBytes += piece.length;
    const { output } = host;
    if (typeof this.#delimiter === "number") {
      if (this.#sentBytes > this.#delimiter) {
        this.#bodyFailed(new BodyLengthError(this.#delimiter, this.#sentBytes));
        return false;
      }
      output.push(piece);
    } else {
      output.push(chunkHead(piece.length));
      output.push(piece);
      output.push(chunkEnd);
    }
    if (!this.#starting) output.flushSoon();
    if (!output.full) return true;
    host.writeBlocked();
    return false;
  }

  end(trailers?: Fields): void {
    const host = this.#host;
    if (this.#sending !== "sending" || !host) return;
    if (typeof this.#delimiter === "number" && this.#sentBytes < this.#delimiter) {
      this.#bodyFailed(new BodyLengthError(this.#delimiter, this.#sentBytes));
      return;
    }
    if (this.#delimiter === "chunked") host.output.push(lastChunk(announcedTrailers(trailers, this.outgoing.fields)));
    this.#sending = "sent";
    host.output.flush();
    host.requestSent(this);
  }

  fail(error: Error): void {
    if (this.#sending === "sending") this.#bodyFailed(error);
  }

  // --- what the connection or the pool reports

  interim(head: ResponseHead): void {
    if (!this.over) this.handler.interim(head);
  }

  response(head: ResponseHead, body: Body): void {
    this.responded = true;
    this.handler.response(head, body);
  }

  upgraded(head: ResponseHead, tunnel: Tunnel): void {
    this.responded = true;
    this.over = true;
    this.handler.upgraded(head, tunnel);
  }

  /** No response will come. */
  failed(code: UpstreamFailure, cause?: unknown, refusal?: Refusal): void {
    if (this.over) return;
    this.over = true;
    const error = this.error(code, cause, refusal);
    // Of a request that was not written the body is untouched, so that it can be sent elsewhere.
    if (this.written) this.stopBody(error);
    this.handler.failed(error);
  }

  error(code: UpstreamFailure, cause?: unknown, refusal?: Refusal): UpstreamError {
    const stale = this.reused && !this.answered && code === "MS_HTTP1_UPSTREAM_CLOSED";
    return new UpstreamError(code, { written: this.written, stale, refusal }, cause === undefined ? undefined : { cause });
  }

  /** What is on the wire can never become the request that was meant. */
  #bodyFailed(error: Error): void {
    this.#sending = "stopped";
    this.outgoing.body.cancel(error);
    const report = (): void => {
      this.#host?.drop(this, this.error("MS_HTTP1_REQUEST_BODY_FAILED", error));
      if (!this.responded) this.failed("MS_HTTP1_REQUEST_BODY_FAILED", error);
    };
    // A body may fail while it is started, that is before `request` has returned.
    if (this.#starting) process.nextTick(report);
    else report();
  }
}
