// entry: .
import { Duplex } from 'node:stream';

/** The only source of time. Tests hold it still; the system clock is `systemClock`. */
interface Clock {
    /** Milliseconds from an arbitrary origin; never goes back. For durations. */
    now(): number;
    /** Milliseconds since the Unix epoch; may jump. Only for stamps that people or files see. */
    wallTime(): number;
    /** Calls `run` once when `ms` have passed. Disposing the result before that cancels it; disposing twice is harmless. */
    timer(ms: number, run: () => void): Disposable;
    /** Resolves when `ms` have passed; rejects with the signal's reason when it fires first. */
    sleep(ms: number, options?: AbortOptions): Promise<void>;
}
/** Waits on any clock; what `Clock.sleep` of every implementation comes down to. */
declare function sleepOn(clock: Pick<Clock, "timer">, ms: number, { signal }?: AbortOptions): Promise<void>;
/** The clock of the machine. */
declare const systemClock: Clock;

/**
 * The root of every error that the packages throw on purpose.
 *
 * Compare `code`, not the class: two copies of a package may be installed at once.
 * `message` says what happened, to what, and what to do; it never holds a secret.
 */
declare abstract class MothershipError extends Error {
    /** Stable across releases; listed in `docs/errors.md`. */
    abstract readonly code: `MS_${string}`;
}
/** True when `error` carries this stable code, whichever copy of a package threw it. */
declare function hasCode(error: unknown, code: string): boolean;
/** The message of anything that was thrown, in one line, for a log field or a person. */
declare function messageOf(error: unknown): string;

/** The last argument of everything that waits. */
interface AbortOptions {
    /** Ends the wait; the function rejects with the signal's reason. */
    readonly signal?: AbortSignal | undefined;
}
/** Something that runs until it is closed. Whoever opened it closes it. */
interface Closable extends AsyncDisposable {
    /**
     * Polite until the signal fires (without one: until the thing's own grace has passed), then forces.
     * Resolves when nothing of it is left. May be called twice, and does not reject for what is already gone.
     */
    close(options?: AbortOptions): Promise<void>;
}
/** A deadline passed. The message names which one, and how long it was. */
declare class DeadlineError extends MothershipError {
    readonly code = "MS_DEADLINE";
    readonly what: string;
    readonly ms: number;
    constructor(what: string, ms: number);
}
/** A signal that fires when `ms` have passed or `outer` fires; its reason names `what`. Disposing stops the timer. */
declare function deadline(what: string, ms: number, clock: Clock, outer?: AbortSignal): Disposable & {
    readonly signal: AbortSignal;
};

/** Where something listens. */
type Address = {
    readonly kind: "tcp";
    readonly host: string;
    readonly port: number;
} | {
    readonly kind: "unix";
    readonly path: string;
};
/** The text is no address; the message says which forms there are. */
declare class AddressError extends MothershipError {
    readonly code = "MS_ADDRESS_INVALID";
    constructor(text: string, reason: string);
}
/**
 * The longest path that fits `sockaddr_un`, without its closing NUL: 107 bytes on Linux, 103 elsewhere.
 * The system would cut a longer one silently or refuse it with a name nobody recognises.
 */
declare function maxSocketPathBytes(platform?: NodeJS.Platform): number;
/**
 * Reads an address in any of the written forms. A port alone means 127.0.0.1; IPv6 hosts stand in brackets.
 *
 * @throws {AddressError} naming what is wrong.
 */
declare function parseAddress(text: string): Address;
/** The one written form of an address: `tcp://host:port` or `unix:///path`. `parseAddress` reads it back. */
declare function formatAddress(address: Address): string;

/** How a delay grows from one try to the next. */
interface BackoffPolicy {
    /** Delay after the first failure, in milliseconds. */
    readonly minDelayMs: number;
    /** No delay is longer than this, jitter apart. */
    readonly maxDelayMs: number;
    /** Growth per failure; 2 doubles. */
    readonly factor?: number;
    /** Share of the delay by which it may differ either way, 0 to 1; keeps many clients from retrying at the same moment. */
    readonly jitter?: number;
}
/** The delay after `failures` failures in a row (1 or more). Pure: `random` gives numbers from 0 up to, not including, 1. */
declare function backoffDelay(failures: number, policy: BackoffPolicy, random: () => number): number;

/** A field name or value that cannot stand in a message head (RFC 9110, 5.1 and 5.5). */
declare class FieldError extends MothershipError {
    readonly code = "MS_FIELD_INVALID";
    constructor(what: "name" | "value", text: string);
}
/**
 * The header or trailer fields of one message: pairs in the order and case in which they were sent, repeats included.
 *
 * The one list that is decided on and forwarded. Beside each name stands its lower-case key, made once, and all look-ups go by key.
 * Values are latin-1 text: one character is one byte on the wire.
 */
declare class Fields implements Iterable<readonly [name: string, value: string]> {
    #private;
    /** @throws {FieldError} for the first pair that could not be sent. */
    static from(pairs: Iterable<readonly [string, string]>): Fields;
    get size(): number;
    /** Name of the field at `index` (from 0), as sent. */
    name(index: number): string;
    /** Lower-case name of the field at `index`. */
    key(index: number): string;
    value(index: number): string;
    /** The first value under a lower-case name, or undefined. */
    get(key: string): string | undefined;
    has(key: string): boolean;
    /** Every value under a lower-case name, in order. */
    all(key: string): string[];
    /** Adds a field at the end. @throws {FieldError} when it could not be sent. */
    append(name: string, value: string): this;
    /** Adds a field that a parser has already checked; `key` is its lower-case name. Never for text from configuration or guests. */
    appendParsed(name: string, key: string, value: string): void;
    /** Leaves one field of this name: at the place of the first, or at the end. @throws {FieldError} when it could not be sent. */
    set(name: string, value: string): this;
    /** Removes every field under a lower-case name. */
    delete(key: string): this;
    copy(): Fields;
    [Symbol.iterator](): IterableIterator<readonly [string, string]>;
}

/** Takes the pieces of one body. Exactly one of `end` and `fail` is called, once, and nothing after it. */
interface BodyReader {
    /** One piece, never empty; the reader owns the bytes. False asks the body to wait for `resume()`. */
    data(piece: Uint8Array): boolean;
    /** The body is complete; `trailers` if the sender added any. */
    end(trailers?: Fields): void;
    /** The body was cut off and will never be complete. */
    fail(error: Error): void;
}
/**
 * The bytes of one message, pushed to one reader under its control.
 *
 * Nothing flows before `read`. Whoever is handed a body and does not read it cancels it.
 */
interface Body {
    /** Number of bytes when that is known beforehand, else undefined. 0 means that there is no content. */
    readonly length: number | undefined;
    /** Starts the flow; may be called once. Pieces that are there already may arrive before it returns. */
    read(reader: BodyReader): void;
    /** Goes on after `data` returned false. Without that it does nothing. */
    resume(): void;
    /** No more is wanted: what is left is thrown away and the reader hears nothing further. Harmless after the end. */
    cancel(reason: Error): void;
}
/** A body made of bytes that are at hand; text goes out as UTF-8. */
declare function bodyOf(content: Uint8Array | string): Body;
/** No content. Shared by everyone, so it holds no state: one reader's `cancel` must not silence the next one. */
declare const emptyBody: Body;

/** Events one can listen to, by name; `E` maps each name to its payload. */
interface Subscribable<E extends object> {
    /** Calls `listener` for every event until the result is disposed or the signal fires. Delivery is synchronous and in order. */
    on<K extends keyof E>(type: K, listener: (event: E[K]) => void, options?: AbortOptions): Disposable;
}
/** The owner's side of `Subscribable`. A listener that throws is reported, and neither the others nor the emitter notice. */
declare class Emitter<E extends object> implements Subscribable<E> {
    #private;
    constructor(onListenerError: (error: unknown) => void);
    on<K extends keyof E>(type: K, listener: (event: E[K]) => void, { signal }?: AbortOptions): Disposable;
    emit<K extends keyof E>(type: K, event: E[K]): void;
}

/** Status and fields of a response. Framing (Content-Length, Transfer-Encoding, Connection) is the wire's own and is ignored in `fields`. */
interface ResponseHead {
    readonly status: number;
    readonly fields: Fields;
}
/** How the work on one request ended. */
interface Outcome {
    /** Final status sent; 0 when the connection was given up before any. */
    readonly status: number;
    /** complete: the whole response was handed to the system. clientLeft: the client went away. aborted: we cut it off. */
    readonly end: "complete" | "clientLeft" | "aborted";
    readonly requestBytes: number;
    readonly responseBytes: number;
}
/** A connection that has left HTTP: after 101, or the stream of an extended CONNECT. The taker owns and destroys the socket. */
interface Tunnel {
    readonly socket: Duplex;
    /** What the client sent behind its request, to be treated as the first bytes of the tunnel. */
    readonly held: Uint8Array;
}
/**
 * One request as a wire read it, and the way to answer it: what HTTP/1.1, HTTP/2 and tests have in common.
 *
 * Exactly one of `respond`, `takeOver` and `abort` ends it; after that the others do nothing.
 */
interface Incoming {
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
interface Client {
    /** IP address without brackets; "" over a Unix socket. */
    readonly address: string;
    readonly port: number;
    /** The client spoke TLS to us, or to a trusted forwarder. */
    readonly secure: boolean;
}
/** Changes a response on its way out: returns the body to send and may change `head.fields`, or returns another head. */
type ResponseHook = (head: ResponseHead, body: Body) => {
    readonly head: ResponseHead;
    readonly body: Body;
};
/** One request on its way through mothership. Middleware may change what is not read-only; what stands here when it ends is forwarded. */
interface Exchange {
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
type Handler = (exchange: Exchange) => void | Promise<void>;
/** Wraps a handler once, when the path is built; nothing is allocated per request. */
type Middleware = (next: Handler) => Handler;
/** The path of a request: the first middleware sees it first. */
declare function compose(middleware: readonly Middleware[], last: Handler): Handler;

/** What a log line says besides its message: constant names, the same everywhere (`ship`, `bind`, `pid`, `code`, `durationMs`). */
type LogFields = Readonly<Record<string, unknown>>;
/** error: somebody must act. warn: handled, but not normal. info: a state changed. debug: everything else. */
type LogLevel = "debug" | "info" | "warn" | "error";
/** Where a part reports what it decided. The message is constant English; what varies is in the fields. */
interface Logger {
    debug(message: string, fields?: LogFields): void;
    info(message: string, fields?: LogFields): void;
    warn(message: string, fields?: LogFields): void;
    error(message: string, fields?: LogFields): void;
    /** A logger that adds `fields` to every line. */
    child(fields: LogFields): Logger;
}
/** Says nothing. */
declare const silentLogger: Logger;
/** What a part gets from outside: the world. Never a global, never a default made inside. */
interface Deps {
    readonly clock: Clock;
    readonly log: Logger;
}

/**
 * The text with the password of every URL in it, and the value of every query parameter that is named like a secret (`?password=`,
 * `&access_token=`), replaced by `***`. The user name stays, for it says which account was meant.
 * What follows the last `@` before the host ends the password, so that a password holding an unescaped `@` does not leak its tail.
 */
declare function redact(text: string): string;

export { AddressError, DeadlineError, Emitter, FieldError, Fields, MothershipError, backoffDelay, bodyOf, compose, deadline, emptyBody, formatAddress, hasCode, maxSocketPathBytes, messageOf, parseAddress, redact, silentLogger, sleepOn, systemClock };
export type { AbortOptions, Address, BackoffPolicy, Body, BodyReader, Client, Clock, Closable, Deps, Exchange, Handler, Incoming, LogFields, LogLevel, Logger, Middleware, Outcome, ResponseHead, ResponseHook, Subscribable, Tunnel };
