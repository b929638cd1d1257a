import type { Duplex } from "node:stream";
import type { Body } from "./body.ts";
import type { Fields } from "./fields.ts";

/** Status and fields of a response. Framing (Content-Length, Transfer-Encoding, Connection) is the wire's own and is ignored in `fields`. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
}

/** How the work on one request ended. */
export interface Outcome {
  /** Final status sent; 0 when the connection was given up before any. */
  readonly status: number;
  /** complete: the whole response was handed to the system. clientLeft: the client went away. aborted: we cut it off. */
  readonly end: "complete" | "clientLeft" | "aborted";
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** A connection that has left HTTP: after 101, or the stream of an extended CONNECT. The taker owns and destroys the socket. */
export interface Tunnel {
  readonly socket: Duplex;
  /** What the client sent behind its request, to be treated as the first bytes of the tunnel. */
  readonly held: Uint8Array;
}

/**
 * One request as a wire read it, and the way to answer it: what HTTP/1.1, HTTP/2 and tests have in common.
 *
 * Exactly one of `respond`, `takeOver` and `abort` ends it; after that the others do nothing.
 */
export interface Incoming {
  readonly method: string;
  /** Origin-form with the query (`/a?b`), or `*`; never absolute. */
  readonly target: string;
  /** Host and port the client asked for, as sent; "" if an HTTP/1.0 client named none. */
  readonly authority: string;
  readonly version: "1.0" | "1.1" | "2.0";
  /** As received, Host and framing fields included. */
  readonly fields: Fields;
  /** `body.length` is 0 when there is none. */
  readonly body: Body;
  /** The protocol asked for by a well-formed `Upgrade` (lower case), else undefined. */
  readonly upgrade: string | undefined;
  /** The client waits for 100 before it sends the body (RFC 9110, 10.1.1). Reading the body alone does not send it: `interim` does. */
  readonly expectsContinue: boolean;
  /** Sends a 1xx. Dropped where the client would not understand it (HTTP/1.0) and after the final status. */
  interim(head: ResponseHead): void;
  /** Sends the final response. May come before the request body has been read. */
  respond(head: ResponseHead, body: Body): void;
  /** Answers an `upgrade` with 101 and these fields and hands the connection over. */
  takeOver(head: ResponseHead): Tunnel;
  /** Gives up: the client sees the connection or stream reset, never a response that looks complete. */
  abort(reason: Error): void;
  /** Called once when nothing of this request is left, a tunnel apart. Set it before answering. */
  onFinished: ((outcome: Outcome) => void) | undefined;
}

/** Who sent a request: the transport peer, or what a trusted PROXY header or forwarder said. */
export interface Client {
  /** IP address without brackets; "" over a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** The client spoke TLS to us, or to a trusted forwarder. */
  readonly secure: boolean;
}

/** Changes a response on its way out: returns the body to send and may change `head.fields`, or returns another head. */
export type ResponseHook = (head: ResponseHead, body: Body) => { readonly head: ResponseHead; readonly body: Body };

/** One request on its way through mothership. Middleware may change what is not read-only; what stands here when it ends is forwarded. */
export interface Exchange {
  /** Unique per request; sent as X-Request-Id. */
  readonly id: string;
  /** Name of the bind it came in on, as the user wrote it. */
  readonly bind: string;
  readonly client: Client;
  readonly incoming: Incoming;
  /** Lower-case host without the port, "" if none. */
  readonly host: string;
  /** Path in canonical form, without the query: what is routed and forwarded. */
  path: string;
  /** The query with its `?`, or "". */
  query: string;
  /** The one list that is decided on and forwarded. */
  readonly fields: Fields;
  /** Label of the route that was chosen; "" before. For metrics and logs. */
  route: string;
  /** Name of the upstream that was chosen; "" before. */
  upstream: string;
  /** True once a final status was handed to the wire. */
  readonly responded: boolean;
  /** Passes through the hooks, the one added last first, to the client. A second call is ignored. */
  respond(head: ResponseHead, body: Body): void;
  /** Adds a hook; without effect once responded. */
  onResponse(hook: ResponseHook): void;
  /** Adds a listener for the end; called at once if it is over already. */
  onFinished(listener: (outcome: Outcome) => void): void;
}

/** Answers an exchange, now or later. A throw or rejection before an answer becomes 500; after it, the connection is cut. */
export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Wraps a handler once, when the path is built; nothing is allocated per request. */
export type Middleware = (next: Handler) => Handler;

/** The path of a request: the first middleware sees it first. */
export function compose(middleware: readonly Middleware[], last: Handler): Handler {
  return middleware.reduceRight((next, wrap) => wrap(next), last);
}
