import type { Address, Body, Closable, Fields, Incoming, MothershipError, ResponseHead, Tunnel } from "@mothership/kernel";

/** Why a message was refused on the wire. One row of the table in `refusals.ts`; the same object each time, so that it can be compared. */
export interface Refusal {
  /** Stable, begins with `MS_HTTP1_`. */
  readonly code: `MS_${string}`;
  /** What a server answers. On the client side every refusal means that the origin is at fault: 502. */
  readonly status: number;
  /** The section that the rule comes from, for example "RFC 9112, 6.3". */
  readonly section: string;
  /** One sentence for operators; never holds what the peer sent. */
  readonly reason: string;
}

/** What the head of any message may hold. */
export interface HeadLimits {
  /** Start line and fields together, in bytes. */
  readonly maxHeadBytes: number;
  /** Field lines of one head. Never truncated: one more refuses the message. */
  readonly maxFields: number;
}

/** What a body in chunks may cost besides its content. */
export interface ChunkLimits {
  /** Bytes of chunk extensions in one body, which are skipped. */
  readonly maxChunkExtensionBytes: number;
  /** Bytes of the trailer section. */
  readonly maxTrailerBytes: number;
}

/** What one client connection may cost. Defaults: `defaultServerLimits`. */
export interface ServerLimits extends HeadLimits, ChunkLimits {
  /** Bytes of the request target; more is 414. */
  readonly maxTargetBytes: number;
  /** Content bytes of one request; more is 413. Infinity where something behind decides. */
  readonly maxBodyBytes: number;
  /** Requests answered on one connection; the last answer says `Connection: close`. */
  readonly maxRequests: number;
  /** Bytes kept while they are not wanted yet (pipelined requests, a body nobody reads, the start of a tunnel); then reading pauses. */
  readonly maxHeldBytes: number;
  /** Content of a request that was answered early and is thrown away for the sake of the connection; when more is to come, it closes. */
  readonly maxDrainBytes: number;
}

/** How long a client may take. Milliseconds. Defaults: `defaultServerTimeouts`. */
export interface ServerTimeouts {
  /** From the first byte of a head to its end; also from the start of a connection to its first byte. Then 408, or a silent close if nothing came. */
  readonly headMs: number;
  /** Between two requests; then the connection closes. */
  readonly idleMs: number;
  /** Without a byte while a request body is wanted, or without the system taking anything while a response is written. */
  readonly stallMs: number;
  /** Slowest rate at which a wanted request body may come, in bytes per second, measured over each `stallMs`. 0 switches it off. */
  readonly minBytesPerSecond: number;
  /** A client that closed its sending side waits at most so long for each further byte of its answer; nobody can tell it from one that left. */
  readonly halfCloseMs: number;
  /** After the last answer, while what the client still sends is thrown away so that a reset does not destroy the answer. */
  readonly lingerMs: number;
  /** How long `close()` without a signal waits for the exchange in progress. */
  readonly closeMs: number;
}

/** How to serve one client connection. */
export interface ServerSpec {
  /** Called for each request, never two at a time on one connection. A throw answers 500, or cuts the connection when an answer has begun. */
  readonly onRequest: (incoming: Incoming) => void;
  /** A request that was refused on the wire (already answered): for logs and counters. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly timeouts?: Partial<ServerTimeouts> | undefined;
  /** Protocols that a client may upgrade to, lower case; any other `Upgrade` is ignored. Default: websocket. */
  readonly upgrades?: readonly string[] | undefined;
  /** Let TRACE through; otherwise it is answered 405, as CONNECT always is. */
  readonly allowTrace?: boolean | undefined;
}

/** One client connection that is being served. */
export interface ServerConnection extends Closable {
  /** No request is being worked on. */
  readonly idle: boolean;
  /** Resolves when the socket is gone, or was taken over by an upgrade. */
  readonly done: Promise<void>;
}

/** What one connection to an upstream may cost. Defaults: `defaultClientLimits`. */
export interface ClientLimits extends HeadLimits, ChunkLimits {
  /** 1xx responses before one final response. */
  readonly maxInterim: number;
  /** Response bytes kept while they are not wanted yet; then reading pauses. */
  readonly maxHeldBytes: number;
  /** Requests sent on one connection; then it closes. */
  readonly maxRequests: number;
}

/** How long an upstream may take. Milliseconds. Defaults: `defaultClientTimeouts`. */
export interface ClientTimeouts {
  /** From dialling to a usable connection, TLS included. */
  readonly connectMs: number;
  /** Waiting for a free connection. */
  readonly queueMs: number;
  /** From the end of the request, or its last progress, to the first byte of the response, and between interim responses. */
  readonly firstByteMs: number;
  /** Without a byte while a response body is wanted, or without the system taking anything while a request is written. */
  readonly stallMs: number;
  /** A free connection is closed after so long; earlier if the upstream hints at a shorter time (`Keep-Alive: timeout=`). */
  readonly idleMs: number;
  /** With `expectsContinue`, the body is sent after so long even without a 100 (RFC 9110, 10.1.1). */
  readonly continueMs: number;
  /** How long `close()` without a signal waits for what is under way. */
  readonly closeMs: number;
}

/** One upstream, and how much of it may be used. */
export interface PoolSpec {
  readonly address: Address;
  /** Speak TLS. The certificate is checked against `servername`, by default the host of the address. */
  readonly tls?:
    | { readonly servername?: string | undefined; readonly ca?: string | undefined; readonly rejectUnauthorized?: boolean | undefined }
    | undefined;
  /** Connections at once, those being dialled included. Default 256. */
  readonly maxConnections?: number | undefined;
  /** Requests that wait for one; further requests fail at once. Default 1024. */
  readonly maxQueued?: number | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
}

/** A request to send. */
export interface Outgoing {
  readonly method: string;
  /** Origin-form, or `*`. */
  readonly target: string;
  /** Value of the Host field. */
  readonly authority: string;
  /** Everything else, in order. Framing, Host, Connection and what belongs to it, Expect and Upgrade in it are ignored: the pool writes its own. */
  readonly fields: Fields;
  /**
   * Unknown length goes out in chunks. The pool reads or cancels it, unless `failed` says that nothing was written: then it is untouched and
   * the caller's again, who may send it elsewhere.
   */
  readonly body: Body;
  /** Ask for this protocol (GET without a body only). */
  readonly upgrade?: string | undefined;
  /** Send `Expect: 100-continue`, and the body only after 100 or `continueMs`. */
  readonly expectsContinue?: boolean | undefined;
  /**
   * Not on a connection that lies idle: dial one, or wait for one that has just answered. For a second try after a `stale` one, since what has
   * lain as long may have gone the same way.
   */
  readonly fresh?: boolean | undefined;
}

/** Hears what comes of a request. Nothing is called before `request` has returned, nor after `cancel`. */
export interface ResponseHandler {
  /** A 1xx other than 101; may come several times. */
  interim(head: ResponseHead): void;
  /** The final status. Called once; the handler reads the body or cancels it. */
  response(head: ResponseHead, body: Body): void;
  /** 101 with the protocol that was asked for. */
  upgraded(head: ResponseHead, tunnel: Tunnel): void;
  /** No response will come. After `response` a body that is cut off says so through `BodyReader.fail`. */
  failed(error: ClientError): void;
}

/** Why no response came, or why its body was cut off. */
export interface ClientError extends MothershipError {
  /** False: no byte of the request was handed to the system, so that it cannot have been processed. */
  readonly written: boolean;
  /** It went out on a reused connection that ended before any byte of a response: most likely the upstream had closed it already. */
  readonly stale: boolean;
  /** What was wrong with the response, when the code is `MS_HTTP1_BAD_RESPONSE`. */
  readonly refusal: Refusal | undefined;
}

/** A request under way. */
export interface ClientExchange {
  /** The response is not wanted any more. The connection is dropped unless it is free already; the handler hears nothing further. */
  cancel(reason: Error): void;
}

/** Connections to one upstream. */
export interface ClientPool extends Closable {
  /** Connections, those being dialled included; not those that left by an upgrade. */
  readonly open: number;
  /** Connections without a request. */
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly queued: number;
  request(outgoing: Outgoing, handler: ResponseHandler): ClientExchange;
}
