import {
  type Body,
  type BodyReader,
  emptyBody,
  Fields,
  type Incoming,
  type Outcome,
  type ResponseHead,
  type Tunnel,
} from "@mothership/kernel";
import { chunkEnd, chunkHead } from "./chunked.ts";
import { BodyLengthError, NotUpgradableError } from "./errors.ts";
import { neverHasContent, parseLength } from "./framing.ts";
import type { InboundBody } from "./inbound-body.ts";
import type { Output } from "./output.ts";
import type { RequestHead } from "./parse-head.ts";
import type { Destination } from "./target.ts";
import { type Delimiter, isStatus, lastChunk, responseHead } from "./write-head.ts";

/** The connection, as one exchange on it sees it. */
export interface ExchangeHost {
  readonly output: Output;
  /** Value of `Date`. */
  date(): string;
  /** Whether the connection may carry another request after this one; asked once, when the final head is written. */
  persists(exchange: ServerExchange): boolean;
  /** The response is being written and the system does not keep up. */
  writeBlocked(): void;
  /** Everything of the response was handed to the output. */
  responded(exchange: ServerExchange): void;
  /** The client must see that something went wrong: reset. */
  cut(exchange: ServerExchange, reason: Error): void;
  /** Hands the socket over. */
  release(exchange: ServerExchange): Tunnel;
  /** A response could not be sent as it was given. */
  invalidResponse(error: unknown): void;
}

type State = "open" | "responding" | "over";

const noFields = new Fields();
const unwanted = new Error("a response with this status or to this method has no content");

/** One request on a server connection and its answer; also the reader of the response body. */
export class ServerExchange implements Incoming, BodyReader {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly version: "1.0" | "1.1";
  readonly fields: Fields;
  readonly body: Body;
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
  onFinished: ((outcome: Outcome) => void) | undefined;

  /** The request body while it arrives; undefined when there is none. */
  readonly inbound: InboundBody | undefined;
  /** 100 was sent, so that the client will send its body. */
  continued = false;
  status = 0;
  responseBytes = 0;

  readonly #host: ExchangeHost;
  readonly #head: RequestHead;
  #state: State = "open";
  #source: Body = emptyBody;
  #delimiter: Delimiter = "none";
  #starting = false;

  constructor(
    host: ExchangeHost,
    head: RequestHead,
    where: Destination,
    inbound: InboundBody | undefined,
    upgrade: string | undefined,
    expectsContinue: boolean,
  ) {
    this.#host = host;
    this.#head = head;
    this.method = head.method;
    this.target = where.target;
    this.authority = where.authority;
    this.version = head.minor === 1 ? "1.1" : "1.0";
    this.fields = head.fields;
    this.inbound = inbound;
    this.body = inbound ?? emptyBody;
    this.upgrade = upgrade;
    this.expectsContinue = expectsContinue;
    this.onFinished = undefined;
  }

  /** Nothing was answered yet. */
  get open(): boolean {
    return this.#state === "open";
  }

  /**
   * Nothing of this exchange can be taken for the next request. Content that was not asked for with 100 may or may not come, and a lot of
   * the rest is not worth waiting for; bytes behind a request to upgrade may belong to the other protocol, and nobody can tell.
   */
  leavesCleanly(maxDrainBytes: number): boolean {
    const { inbound } = this;
    if (this.upgrade !== undefined) return false;
    return !inbound || inbound.complete || (inbound.left <= maxDrainBytes && (!this.expectsContinue || this.continued));
  }

  interim(head: ResponseHead): void {
    const { status } = head;
    if (this.#state !== "open" || this.#head.minor === 0 || !isStatus(status) || status >= 200 || status === 101) return;
    // The client asked for one 100 at most (RFC 9110, 15.2.1).
    if (status === 100 && this.continued) return;
    if (!this.#writeHead(status, head.fields, "none", "")) return;
    if (status === 100) this.continued = true;
    this.#host.output.flush();
  }

  respond(head: ResponseHead, body: Body): void {
    if (this.#state !== "open") {
      body.cancel(unwanted);
      return;
    }
    this.#state = "responding";
    this.status = head.status;
    const persists = this.#host.persists(this);
    const bare = neverHasContent(this.method, head.status) || head.status === 205 || body.length === 0;
    const close = !persists || (!bare && body.length === undefined && this.#head.minor === 0);
    this.#delimiter = bare ? bareDelimiter(this.method, head, body) : (body.length ?? (this.#head.minor === 1 ? "chunked" : "close"));
    const connection = close ? "close" : this.#head.minor === 0 ? "keep-alive" : "";
    if (!this.#writeFinalHead(head, connection)) {
      body.cancel(unwanted);
      this.status = 500;
      this.#writeHead(500, noFields, 0, connection);
      this.#finish();
      return;
    }
    if (bare) {
      body.cancel(unwanted);
      this.#finish();
      return;
    }
    this.#source = body;
    this.#starting = true;
    body.read(this);
    this.#starting = false;
    this.#host.output.flush();
  }

  takeOver(head: ResponseHead): Tunnel {
    if (this.#state !== "open" || this.upgrade === undefined) throw new NotUpgradableError();
    // Before anything changes: fields that cannot be sent are the caller's error, and the exchange is still open after it.
    const text = responseHead(101, head.fields, {
      delimiter: "none",
      connection: "Upgrade",
      upgrade: this.upgrade,
      trailers: false,
      date: "",
    });
    this.#state = "over";
    this.status = 101;
    this.#host.output.push(text);
    return this.#host.release(this);
  }

  abort(reason: Error): void {
    if (this.#state === "over") return;
    this.#host.cut(this, reason);
  }

  data(piece: Uint8Array): boolean {
    if (this.#state !== "responding") return false;
    // An empty chunk would end the body.
    if (piece.length === 0) return true;
    this.responseBytes += piece.length;
    const { output } = this.#host;
    if (typeof this.#delimiter === "number") {
      if (this.responseBytes > this.#delimiter) {
        this.#fault(new BodyLengthError(this.#delimiter, this.responseBytes));
        return false;
      }
      output.push(piece);
    } else if (this.#delimiter === "chunked") {
      output.push(chunkHead(piece.length));
      output.push(piece);
      output.push(chunkEnd);
    } else output.push(piece);
    if (!this.#starting) output.flushSoon();
    if (!output.full) return true;
    this.#host.writeBlocked();
    return false;
  }

  end(trailers?: Fields): void {
    if (this.#state !== "responding") return;
    if (typeof this.#delimiter === "number" && this.responseBytes < this.#delimiter) {
      this.#fault(new BodyLengthError(this.#delimiter, this.responseBytes));
      return;
    }
    if (this.#delimiter === "chunked") {
      this.#host.output.push(lastChunk(this.#takesTrailers ? trailers : undefined));
    }
    this.#finish();
  }

  fail(error: Error): void {
    if (this.#state === "responding") this.#host.cut(this, error);
  }

  /** The system takes bytes again. */
  drained(): void {
    if (this.#state === "responding") this.#source.resume();
  }

  /** Called by the connection when the exchange ends before its response did: nothing is written from now on. */
  drop(reason: Error): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#source.cancel(reason);
  }

  /** Called by the connection, once, when nothing is left. */
  finished(end: Outcome["end"]): void {
    this.onFinished?.({ status: this.status, end, requestBytes: this.inbound?.received ?? 0, responseBytes: this.responseBytes });
  }

  #fault(error: Error): void {
    this.#host.cut(this, error);
  }

  #finish(): void {
    this.#state = "over";
    this.#host.output.flush();
    this.#host.responded(this);
  }

  /** The client said that it keeps trailers apart (RFC 9110, 6.5.1). */
  get #takesTrailers(): boolean {
    return /\btrailers\b/i.test(this.#head.wire.te);
  }

  #writeFinalHead({ status, fields }: ResponseHead, connection: string): boolean {
    if (status >= 200) return this.#writeHead(status, fields, this.#delimiter, connection);
    this.#host.invalidResponse(new RangeError(`${status} is not the status of a final response`));
    return false;
  }

  #writeHead(status: number, fields: Fields, delimiter: Delimiter, connection: string): boolean {
    try {
      const trailers = delimiter === "chunked" && this.#takesTrailers;
      const date = status >= 200 ? this.#host.date() : "";
      // 426 has to say which protocol would do (RFC 9110, 15.5.22); in any other response the field is the hop's own.
      const upgrade = status === 426 ? (fields.get("upgrade") ?? "") : "";
      const options = upgrade === "" ? connection : [connection, "Upgrade"].filter((one) => one !== "").join(", ");
      this.#host.output.push(responseHead(status, fields, { delimiter, connection: options, upgrade, trailers, date }));
      return true;
    } catch (error) {
      this.#host.invalidResponse(error);
      return false;
    }
  }
}

/** Content-Length of a response without content (RFC 9110, 8.6): what it would have been for HEAD and 304, 0 or nothing else. */
function bareDelimiter(method: string, head: ResponseHead, body: Body): Delimiter {
  const { status, fields } = head;
  if (status < 200 || status === 204) return "none";
  if (method !== "HEAD" && status !== 304) return 0;
  if (body.length !== undefined && body.length > 0) return body.length;
  return parseLength(fields.get("content-length") ?? "") ?? "none";
}
