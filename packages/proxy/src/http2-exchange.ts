import { constants, type ServerHttp2Stream } from "node:http2";
import { NotUpgradableError, type Refusal, RequestBodyError, refusals } from "@mothership/http1";
import { type Body, emptyBody, Fields, type Incoming, type Outcome, type ResponseHead, type Tunnel } from "@mothership/kernel";
import { Http2Body, type Http2BodyHost } from "./http2-body.ts";
import type { Http2Head } from "./http2-head.ts";
import { Http2Outbound, type Http2OutboundHost } from "./http2-outbound.ts";
import type { Http2Settings } from "./http2-settings.ts";
import { responseHeaders } from "./http2-writer.ts";
import { answers } from "./reply.ts";
import type { Placed } from "./running-list.ts";

/** The connection, as one exchange on it sees it. */
export interface Http2ExchangeHost {
  readonly settings: Http2Settings;
  /** Value of `Date`. */
  date(): string;
  now(): number;
  /** Something is waited for from now on: look after it. */
  waiting(): void;
  refused(refusal: Refusal): void;
  /** A response could not be sent as it was given. */
  invalidResponse(error: unknown): void;
  /** The client reset it before it had its answer. */
  resetByClient(): void;
  /** Nothing is left of it, nor of the tunnel that it became. */
  left(exchange: Http2Exchange): void;
}

type State = "open" | "responding" | "sent" | "tunnel" | "over";

const { NGHTTP2_NO_ERROR } = constants;
const noFields = new Fields();
const allowed = Fields.from(answers.methodRefused.fields);
const unwanted = new Error("a response with this status or to this method has no content");

/** One stream: a request and its answer. */
export class Http2Exchange implements Incoming, Placed {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly version = "2.0";
  readonly fields: Fields;
  readonly body: Body;
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
  onFinished: ((outcome: Outcome) => void) | undefined = undefined;
  place = -1;

  readonly #stream: ServerHttp2Stream;
  readonly #host: Http2ExchangeHost;
  readonly #takesTrailers: boolean;
  readonly #inbound: Http2Body | undefined;
  #state: State = "open";
  #status = 0;
  #continued = false;
  /** The content of the answer; undefined before it and where there is none. */
  #outbound: Http2Outbound | undefined;

  constructor(stream: ServerHttp2Stream, head: Http2Head, host: Http2ExchangeHost) {
    this.#stream = stream;
    this.#host = host;
    this.method = head.method;
    this.target = head.target;
    this.authority = head.authority;
    this.fields = head.fields;
    this.upgrade = head.upgrade;
    this.expectsContinue = head.expectsContinue;
    this.#takesTrailers = head.takesTrailers;
    if (head.length !== 0 && head.upgrade === undefined)
      this.#inbound = new Http2Body(stream, head.length, host.settings.limits, this.#bodyHost());
    this.body = this.#inbound ?? emptyBody;
    stream.on("error", ignore).once("close", this.#onClose);
  }

  /** Nothing was answered yet. */
  get open(): boolean {
    return this.#state === "open";
  }

  get isTunnel(): boolean {
    return this.#state === "tunnel";
  }

  interim({ status, fields }: ResponseHead): void {
    if (this.#state !== "open" || this.#stream.closed || status < 100 || status >= 200 || status === 101) return;
    // The client asked for one 100 at most (RFC 9110, 15.2.1).
    if (status === 100 && this.#continued) return;
    if (status === 100) this.#continued = true;
    this.#attempt(() => this.#stream.additionalHeaders(responseHeaders(status, fields)));
  }

  respond(head: ResponseHead, body: Body): void {
    // A stream that is closed is about to say so, and the client has left.
    if (this.#state !== "open" || this.#stream.closed) {
      body.cancel(unwanted);
      return;
    }
    this.#state = "responding";
    this.#status = head.status;
    const bare = this.method === "HEAD" || [204, 205, 304].includes(head.status) || body.length === 0;
    const trailers = this.#takesTrailers && !bare && body.length === undefined;
    const length = bare ? bareLength(this.method, head, body) : body.length;
    const sent = this.#attempt(() => {
      const headers = responseHeaders(head.status, head.fields, { length, trailers, date: this.#host.date() });
      this.#stream.respond(headers, { endStream: bare, waitForTrailers: trailers });
    });
    if (!sent) {
      body.cancel(unwanted);
      this.answer(500);
    } else if (bare) {
      body.cancel(unwanted);
      this.#sentAll();
    } else {
      this.#outbound = new Http2Outbound(this.#stream, body, body.length, this.#outboundHost());
      this.#outbound.start(trailers);
    }
  }

  takeOver({ fields }: ResponseHead): Tunnel {
    if (this.#state !== "open" || this.#stream.closed || this.upgrade === undefined) throw new NotUpgradableError();
    // Over HTTP/2 there is no key, and so nothing to prove (RFC 8441, 5).
    this.#stream.respond(responseHeaders(200, fields, { without: "sec-websocket-accept", date: this.#host.date() }));
    this.#status = 200;
    this.#state = "tunnel";
    this.#stream.pause();
    this.#finished("complete");
    return { socket: this.#stream, held: new Uint8Array() };
  }

  abort(reason: Error): void {
    if (this.#state === "open" || this.#state === "responding") this.#reset(reason);
  }

  /** Ends whatever it is by force: the connection is closed and its patience is over. */
  force(reason: Error): void {
    // Without an error: it is no fault of anybody's that a tunnel ends here.
    if (this.#state === "tunnel") this.#stream.destroy();
    else this.#reset(reason);
  }

  /** Our own short answer, to a request that nobody works on any more. */
  answer(status: number): void {
    this.#state = "responding";
    this.#status = status;
    const headers = responseHeaders(status, status === 405 ? allowed : noFields, { length: 0, date: this.#host.date() });
    if (this.#attempt(() => this.#stream.respond(headers, { endStream: true }))) this.#sentAll();
  }

  /** Looks whether the client takes too long. True while there is something to look after. */
  look(now: number): boolean {
    const { stallMs, minBytesPerSecond } = this.#host.settings.timeouts;
    if (this.#inbound?.tooSlow(now, stallMs, minBytesPerSecond)) this.#bodyRefused(refusals.BODY_TIMEOUT);
    else if (this.#outbound?.stalled(now, stallMs)) this.#reset(new Error("the client took nothing in time"), "clientLeft");
    else this.#closeBehind();
    return this.#state !== "over" && (this.#outbound?.writing === true || this.#inbound?.wanted === true);
  }

  /** The whole answer was handed to the system. What is left is a request body that somebody may still read. */
  #sentAll(): void {
    this.#state = "sent";
    this.#closeBehind();
  }

  /** Ends a stream whose answer is complete and whose request nobody reads (RFC 9113, 8.1 allows it). */
  #closeBehind(): void {
    const inbound = this.#inbound;
    if (this.#state !== "sent" || !inbound || inbound.complete || inbound.held) return;
    inbound.cancel();
    this.#stream.close(NGHTTP2_NO_ERROR);
    // What came and was not read would keep the stream from ending.
    this.#stream.resume();
  }

  #reset(reason: Error, end: Outcome["end"] = "aborted"): void {
    if (this.#state === "over") return;
    this.#over(reason, end);
    resetStream(this.#stream, reason);
  }

  #over(reason: Error, end: Outcome["end"]): void {
    this.#state = "over";
    this.#outbound?.stop(reason);
    this.#inbound?.fail(end === "clientLeft" ? new RequestBodyError(undefined, { cause: reason }) : reason);
    this.#finished(end);
  }

  readonly #onClose = (): void => {
    const { rstCode } = this.#stream;
    if (this.#state === "open" || this.#state === "responding") {
      this.#over(new Error(`the client reset the stream (${rstCode})`), "clientLeft");
      this.#host.resetByClient();
    } else if (this.#state === "sent") {
      this.#state = "over";
      this.#inbound?.fail(new RequestBodyError(undefined));
      this.#finished("complete");
    }
    this.#host.left(this);
  };

  #finished(end: Outcome["end"]): void {
    this.onFinished?.({ status: this.#status, end, requestBytes: this.#inbound?.received ?? 0, responseBytes: this.#outbound?.bytes ?? 0 });
  }

  #outboundHost(): Http2OutboundHost {
    return {
      now: () => this.#host.now(),
      waiting: () => this.#host.waiting(),
      sent: (trailers) => {
        if (this.#state !== "responding") return;
        if (!trailers) {
          this.#sentAll();
          return;
        }
        // They leave a little later, and closing the stream now would be faster: the next look does it.
        this.#state = "sent";
        this.#host.waiting();
      },
      failed: (reason) => this.#reset(reason),
    };
  }

  #bodyHost(): Http2BodyHost {
    return {
      bodyWanted: () => {
        this.#inbound?.mark(this.#host.now());
        this.#host.waiting();
      },
      bodyCancelled: () => this.#closeBehind(),
      bodyRefused: (refusal) => this.#bodyRefused(refusal),
    };
  }

  #bodyRefused(refusal: Refusal): void {
    this.#host.refused(refusal);
    const error = new RequestBodyError(refusal);
    // An answer that has begun cannot be taken back: it is cut off, so that it does not look complete.
    if (this.#state === "responding") {
      this.#reset(error);
      return;
    }
    // Answered first: whoever hears that the body failed would answer something less exact.
    if (this.#state === "open") this.answer(refusal.status);
    this.#inbound?.fail(error);
    this.#closeBehind();
  }

  /** False when node:http2 or the writer of heads refuses what it is given; that is logged. */
  #attempt(send: () => void): boolean {
    try {
      send();
      return true;
    } catch (error) {
      this.#host.invalidResponse(error);
      return false;
    }
  }
}

const ignore = (): void => undefined;

/**
 * Resets a stream with INTERNAL_ERROR. Not by `close(code)`, which ends the stream before it resets it: a client takes what it has by then for
 * the whole.
 */
function resetStream(stream: ServerHttp2Stream, reason: Error): void {
  stream.destroy(reason);
}

/** Content-Length of a response without content (RFC 9110, 8.6): what it would have been for HEAD and 304, 0 or nothing else. */
function bareLength(method: string, { status, fields }: ResponseHead, body: Body): number | undefined {
  if (status === 204) return undefined;
  if (method !== "HEAD" && status !== 304) return 0;
  if (body.length !== undefined && body.length > 0) return body.length;
  const said = fields.get("content-length") ?? "";
  return /^\d{1,15}$/.test(said) ? Number(said) : undefined;
}
