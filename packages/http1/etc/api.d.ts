// entry: .
import { MothershipError, Closable, Fields, Body, ResponseHead, Tunnel, Address, Incoming, Deps } from '@mothership/kernel';
import { Socket } from 'node:net';

/** Why a message was refused on the wire. One row of the table in `refusals.ts`; the same object each time, so that it can be compared. */
interface Refusal {
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
interface HeadLimits {
    /** Start line and fields together, in bytes. */
    readonly maxHeadBytes: number;
    /** Field lines of one head. Never truncated: one more refuses the message. */
    readonly maxFields: number;
}
/** What a body in chunks may cost besides its content. */
interface ChunkLimits {
    /** Bytes of chunk extensions in one body, which are skipped. */
    readonly maxChunkExtensionBytes: number;
    /** Bytes of the trailer section. */
    readonly maxTrailerBytes: number;
}
/** What one client connection may cost. Defaults: `defaultServerLimits`. */
interface ServerLimits extends HeadLimits, ChunkLimits {
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
interface ServerTimeouts {
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
interface ServerSpec {
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
interface ServerConnection extends Closable {
    /** No request is being worked on. */
    readonly idle: boolean;
    /** Resolves when the socket is gone, or was taken over by an upgrade. */
    readonly done: Promise<void>;
}
/** What one connection to an upstream may cost. Defaults: `defaultClientLimits`. */
interface ClientLimits extends HeadLimits, ChunkLimits {
    /** 1xx responses before one final response. */
    readonly maxInterim: number;
    /** Response bytes kept while they are not wanted yet; then reading pauses. */
    readonly maxHeldBytes: number;
    /** Requests sent on one connection; then it closes. */
    readonly maxRequests: number;
}
/** How long an upstream may take. Milliseconds. Defaults: `defaultClientTimeouts`. */
interface ClientTimeouts {
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
interface PoolSpec {
    readonly address: Address;
    /** Speak TLS. The certificate is checked against `servername`, by default the host of the address. */
    readonly tls?: {
        readonly servername?: string | undefined;
        readonly ca?: string | undefined;
        readonly rejectUnauthorized?: boolean | undefined;
    } | undefined;
    /** Connections at once, those being dialled included. Default 256. */
    readonly maxConnections?: number | undefined;
    /** Requests that wait for one; further requests fail at once. Default 1024. */
    readonly maxQueued?: number | undefined;
    readonly limits?: Partial<ClientLimits> | undefined;
    readonly timeouts?: Partial<ClientTimeouts> | undefined;
}
/** A request to send. */
interface Outgoing {
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
interface ResponseHandler {
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
interface ClientError extends MothershipError {
    /** False: no byte of the request was handed to the system, so that it cannot have been processed. */
    readonly written: boolean;
    /** It went out on a reused connection that ended before any byte of a response: most likely the upstream had closed it already. */
    readonly stale: boolean;
    /** What was wrong with the response, when the code is `MS_HTTP1_BAD_RESPONSE`. */
    readonly refusal: Refusal | undefined;
}
/** A request under way. */
interface ClientExchange {
    /** The response is not wanted any more. The connection is dropped unless it is free already; the handler hears nothing further. */
    cancel(reason: Error): void;
}
/** Connections to one upstream. */
interface ClientPool extends Closable {
    /** Connections, those being dialled included; not those that left by an upgrade. */
    readonly open: number;
    /** Connections without a request. */
    readonly idle: number;
    /** Requests that wait for a connection. */
    readonly queued: number;
    request(outgoing: Outgoing, handler: ResponseHandler): ClientExchange;
}

/**
 * Opens a pool of connections to one upstream; nothing is dialled before the first request. The connection that became free last is used
 * first, so that the others may age and close. It never retries: `ClientError` says what a caller must know to do so.
 *
 * `close()` lets requests under way finish and fails those that wait; the signal, or without one `closeMs`, cuts the rest. Connections that left by an
 * upgrade are their takers'.
 */
declare function openPool(spec: PoolSpec, deps: Deps): ClientPool;

/**
 * The fields without those of one hop: those that `Connection` names, and the credentials between a client and its proxy (RFC 9110, 7.6.1). The list
 * itself when it has none of them. Framing fields, Connection, Upgrade and their like are left out by the writers, whoever put them in.
 *
 * Call it before adding fields of your own, or a client can remove them by naming them.
 */
declare function endToEndFields(fields: Fields): Fields;

/** A request body that will never be complete: the client left, or sent what was refused; then `refusal` says why. */
declare class RequestBodyError extends MothershipError {
    readonly code: `MS_${string}`;
    readonly refusal: Refusal | undefined;
    constructor(refusal: Refusal | undefined, options?: ErrorOptions);
}
/** `takeOver` was called for a request that asked for no upgrade, or that has been answered. */
declare class NotUpgradableError extends MothershipError {
    readonly code = "MS_HTTP1_NOT_UPGRADABLE";
    constructor();
}
/** Whoever produced a body broke its contract: more or fewer bytes than its length. The message on the wire is cut off. */
declare class BodyLengthError extends MothershipError {
    readonly code = "MS_HTTP1_BODY_LENGTH";
    constructor(announced: number, given: number);
}
/** The codes of `UpstreamError` with their sentences. */
declare const upstreamFailures: {
    readonly MS_HTTP1_CONNECT_FAILED: "The upstream could not be reached";
    readonly MS_HTTP1_CONNECT_TIMEOUT: "The upstream did not accept a connection in time";
    readonly MS_HTTP1_QUEUE_FULL: "Too many requests already wait for this upstream";
    readonly MS_HTTP1_QUEUE_TIMEOUT: "No connection to the upstream became free in time";
    readonly MS_HTTP1_POOL_CLOSED: "The pool is closed";
    readonly MS_HTTP1_REQUEST_INVALID: "The request cannot be sent as it is";
    readonly MS_HTTP1_REQUEST_BODY_FAILED: "The request body was cut off before it was sent completely";
    readonly MS_HTTP1_UPSTREAM_CLOSED: "The upstream closed the connection before it answered";
    readonly MS_HTTP1_FIRST_BYTE_TIMEOUT: "The upstream did not answer in time";
    readonly MS_HTTP1_STALLED: "The upstream stopped taking the request or sending the response";
    readonly MS_HTTP1_BAD_RESPONSE: "The upstream's response was refused";
    readonly MS_HTTP1_TRUNCATED: "The upstream cut off its response";
};
type UpstreamFailure = keyof typeof upstreamFailures;
/** Why a request got no response, or only a part of one. */
declare class UpstreamError extends MothershipError implements ClientError {
    readonly code: UpstreamFailure;
    readonly written: boolean;
    readonly stale: boolean;
    readonly refusal: Refusal | undefined;
    constructor(code: UpstreamFailure, facts: {
        readonly written: boolean;
        readonly stale?: boolean;
        readonly refusal?: Refusal | undefined;
    }, options?: ErrorOptions);
}

/** What a client may cost when the spec says nothing else. */
declare const defaultServerLimits: ServerLimits;
/** How long a client may take when the spec says nothing else. */
declare const defaultServerTimeouts: ServerTimeouts;
/** What an upstream may cost when the spec says nothing else. */
declare const defaultClientLimits: ClientLimits;
/** How long an upstream may take when the spec says nothing else. Idle is below the 5 s after which Node's own servers hang up. */
declare const defaultClientTimeouts: ClientTimeouts;
/** Connections of a pool, and requests waiting for one. */
declare const defaultMaxConnections = 256;
declare const defaultMaxQueued = 1024;

/** Says that a piece of so many bytes came from the system, in a buffer of its own. For whoever reads sockets; one count for all of a thread. */
declare function pieceReceived(bytes: number): void;

/** Every reason to refuse a message: code, status for a client, section, sentence. The same sentence serves both hops. */
declare const table: {
    readonly NOT_HTTP: readonly [400, "RFC 9112, 3", "the first line is no request line"];
    readonly METHOD_BAD: readonly [400, "RFC 9110, 9.1", "the method is not a token"];
    readonly METHOD_TOO_LONG: readonly [501, "RFC 9112, 3", "the method is longer than any that is known"];
    readonly METHOD_REFUSED: readonly [405, "RFC 9110, 9.3.6", "TRACE and CONNECT are not served here"];
    readonly TARGET_BAD: readonly [400, "RFC 9112, 3.2", "the request target holds a character that cannot stand there"];
    readonly TARGET_TOO_LONG: readonly [414, "RFC 9110, 15.5.15", "the request target is longer than the limit"];
    readonly TARGET_FORM: readonly [400, "RFC 9112, 3.2", "the form of the request target does not fit the method"];
    readonly TARGET_SCHEME: readonly [400, "RFC 9110, 7.1", "the absolute target is not an http or https one with a plain authority"];
    readonly VERSION_BAD: readonly [400, "RFC 9112, 2.3", "the protocol version is missing or malformed"];
    readonly VERSION_UNKNOWN: readonly [505, "RFC 9110, 15.6.6", "the protocol version is neither 1.0 nor 1.1"];
    readonly STATUS_BAD: readonly [502, "RFC 9112, 4", "the status line is malformed or its status outside 100 to 599"];
    readonly LINE_END_BAD: readonly [400, "RFC 9112, 2.2", "a line does not end with CR LF, or holds a bare CR or LF"];
    readonly FIELD_NAME_BAD: readonly [400, "RFC 9112, 5.1", "a field line has no name that is a token directly followed by a colon"];
    readonly FIELD_FOLDED: readonly [400, "RFC 9112, 5.2", "a field line begins with white space"];
    readonly FIELD_VALUE_BAD: readonly [400, "RFC 9110, 5.5", "a field value holds a control character"];
    readonly FIELD_REPEATED: readonly [400, "RFC 9110, 5.3", "a field that may stand once stands twice"];
    readonly FIELDS_TOO_MANY: readonly [431, "RFC 6585, 5", "there are more fields than the limit"];
    readonly HEAD_TOO_LARGE: readonly [431, "RFC 6585, 5", "the message head is longer than the limit"];
    readonly HOST_MISSING: readonly [400, "RFC 9112, 3.2", "an HTTP/1.1 request has no Host"];
    readonly HOST_REPEATED: readonly [400, "RFC 9112, 3.2", "there is more than one Host"];
    readonly HOST_BAD: readonly [400, "RFC 9110, 7.2", "the host is empty or not a host and port"];
    readonly LENGTH_BAD: readonly [400, "RFC 9112, 6.3", "Content-Length is not one number within the limit"];
    readonly LENGTH_REPEATED: readonly [400, "RFC 9112, 6.3", "there is more than one Content-Length"];
    readonly LENGTH_AND_ENCODING: readonly [400, "RFC 9112, 6.3", "Content-Length and Transfer-Encoding stand together"];
    readonly ENCODING_BAD: readonly [400, "RFC 9112, 6.1", "Transfer-Encoding is not exactly chunked"];
    readonly ENCODING_UNKNOWN: readonly [501, "RFC 9112, 6.1", "Transfer-Encoding names a coding besides chunked"];
    readonly ENCODING_IN_1_0: readonly [400, "RFC 9112, 6.1", "an HTTP/1.0 message has a Transfer-Encoding"];
    readonly FRAMING_DISGUISED: readonly [400, "RFC 9112, 11.2", "a field name is made to look like Content-Length or Transfer-Encoding"];
    readonly CHUNK_SIZE_BAD: readonly [400, "RFC 9112, 7.1", "a chunk size is not a plain hexadecimal number within the limit"];
    readonly CHUNK_END_BAD: readonly [400, "RFC 9112, 7.1", "a chunk does not end where its size says"];
    readonly CHUNK_EXTENSION_BAD: readonly [400, "RFC 9112, 7.1.1", "a chunk extension is malformed"];
    readonly CHUNK_EXTENSIONS_TOO_LARGE: readonly [413, "RFC 9112, 7.1.1", "the chunk extensions are longer than the limit"];
    readonly TRAILERS_TOO_LARGE: readonly [431, "RFC 9112, 7.1.2", "the trailer section is longer than the limit"];
    readonly BODY_TOO_LARGE: readonly [413, "RFC 9110, 15.5.14", "the content is longer than the limit"];
    readonly EXPECTATION_UNKNOWN: readonly [417, "RFC 9110, 10.1.1", "the expectation is not 100-continue"];
    readonly UPGRADE_WITH_BODY: readonly [400, "RFC 9110, 7.8", "a request to upgrade comes with content"];
    readonly UPGRADE_UNASKED: readonly [502, "RFC 9110, 15.2.2", "101 was not asked for, or names another protocol"];
    readonly INTERIM_TOO_MANY: readonly [502, "RFC 9110, 15.2", "there are more interim responses than the limit"];
    readonly HEAD_TIMEOUT: readonly [408, "RFC 9110, 15.5.9", "the message head did not arrive in time"];
    readonly BODY_TIMEOUT: readonly [408, "RFC 9110, 15.5.9", "the content did not arrive in time or came too slowly"];
};
/** Short names of the refusals; the code is `MS_HTTP1_` and the name. */
type RefusalName = keyof typeof table;
/** Every refusal by its short name. */
declare const refusals: Readonly<Record<RefusalName, Refusal>>;

/**
 * Serves HTTP/1.1 and 1.0 on one accepted socket: plain, TLS or Unix. Takes ownership of it, until an upgrade hands it over.
 *
 * The listener must have been made with `allowHalfOpen`, or a client that closes its sending side loses its answer. `first` are bytes that
 * were already read from the socket, behind a PROXY header for example. `close()` finishes the exchange in progress with
 * `Connection: close`; the signal, or without one `closeMs`, cuts it.
 *
 * A socket handed over by `takeOver` is paused and has no listeners of ours: add one for `error` before anything else.
 */
declare function serveConnection(socket: Socket, spec: ServerSpec, deps: Deps, first?: Uint8Array): ServerConnection;

/** Destroys a socket so that the peer sees a reset where the transport has one, and never a clean end. */
declare function resetSocket(socket: Socket): void;

/**
 * True for a host name or address with an optional port. Narrower than the grammar of RFC 3986, 3.2.2, on purpose: percent signs,
 * commas, "@" and other delimiters in a host are how one request is made to look like two hosts to two readers.
 */
declare function isAuthority(text: string): boolean;

/** The trailers that may be relayed. They are never merged into the head. Undefined when none is left. */
declare function relayableTrailers(trailers: Fields | undefined): Fields | undefined;

export { BodyLengthError, NotUpgradableError, RequestBodyError, UpstreamError, defaultClientLimits, defaultClientTimeouts, defaultMaxConnections, defaultMaxQueued, defaultServerLimits, defaultServerTimeouts, endToEndFields, isAuthority, openPool, pieceReceived, refusals, relayableTrailers, resetSocket, serveConnection };
export type { ChunkLimits, ClientError, ClientExchange, ClientLimits, ClientPool, ClientTimeouts, HeadLimits, Outgoing, PoolSpec, Refusal, ResponseHandler, ServerConnection, ServerLimits, ServerSpec, ServerTimeouts };
