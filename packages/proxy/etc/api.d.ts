// entry: .
import { Outcome, Exchange, Deps, Middleware, Clock, MothershipError, Address, LogFields, Closable, AbortOptions, Handler, Subscribable, ResponseHead, Body } from '@mothership/kernel';
import { ClientPool, ClientLimits, ClientTimeouts, ServerLimits, ServerTimeouts } from '@mothership/http1';

/** What an access log says of one request, when nothing of it is left. Plain data, one level deep. */
interface AccessEntry {
    /** Milliseconds since the epoch at which the request came. */
    readonly at: number;
    readonly requestId: string;
    readonly bind: string;
    readonly client: string;
    readonly method: string;
    readonly host: string;
    /** Path as the client meant it. */
    readonly path: string;
    /** With its `?`, or "". May hold secrets: think before it is written anywhere. */
    readonly query: string;
    readonly version: string;
    readonly route: string;
    readonly upstream: string;
    /** As sent; 499 when the client left before an answer, 0 when the connection was cut before one. */
    readonly status: number;
    readonly end: Outcome["end"];
    /** Until the head of the answer was handed to the wire; undefined when there was none. */
    readonly firstByteMs: number | undefined;
    readonly durationMs: number;
    readonly requestBytes: number;
    readonly responseBytes: number;
    readonly userAgent: string;
}
interface AccessLogOptions {
    /** Share of the requests that are written, 0 to 1. Default 1. Answers from 500 on are always written. */
    readonly sample?: number;
    /** Numbers from 0 up to, not including, 1: decides the sample. */
    readonly random?: () => number;
}
/**
 * Middleware that hands one entry to `write` when a request has ended, with the exchange for whoever wants to say more. Put it first, so that
 * it sees the path before others change it.
 */
declare function accessLog(write: (entry: AccessEntry, exchange: Exchange) => void, deps: Deps, { sample, random }?: AccessLogOptions): Middleware;

/** When to stop asking an upstream that fails, and when to try again. */
interface BreakerPolicy {
    /** Opens when at least this share of the requests in the window failed, 0 to 1. Default 0.5. */
    readonly failureRatio?: number;
    /** Never opens before so many requests ended in the window: two failures of three say little. Default 10. */
    readonly minRequests?: number;
    /** How far back it looks. Default 10,000. */
    readonly windowMs?: number;
    /** How long it stays open before one request may try. Default 2,000; longer, up to a minute, if the upstream asks for it (Retry-After). */
    readonly openMs?: number;
}
/** closed: everything passes. open: nothing does. trying: one request is out, and its end decides. */
type BreakerState = "closed" | "open" | "trying";
/** Memory for one breaker that several threads have in common. */
declare function breakerMemory(): SharedArrayBuffer;
/**
 * A circuit breaker: keeps requests away from an upstream that cannot serve them, so that clients are not kept waiting and the upstream is
 * not held down. Every `admit` that gave true is followed by exactly one of `succeeded`, `failed` and `abandoned`.
 *
 * Threads that are given the same memory, and clocks that agree, have one breaker: a request counts wherever it ran, and one trial goes out
 * from all of them. No step holds a lock, so a thread that dies in the middle stops nobody; its trial is given up after a minute.
 */
declare class Breaker {
    #private;
    constructor(policy: BreakerPolicy, clock: Clock, memory?: SharedArrayBuffer | ArrayBuffer);
    get state(): BreakerState;
    /** Milliseconds until a request may try; 0 where one may now, or where nobody knows. */
    get retryInMs(): number;
    /** Whether a request may go out now. After the open time it is true for one request, which is the trial. */
    admit(): boolean;
    succeeded(): void;
    /** `askedMs`: the upstream asked to be left alone for so long. That alone opens nothing, for it may have meant one request. */
    failed(askedMs?: number): void;
    /** It ended for a reason that says nothing about the upstream: the client left, its own body broke. */
    abandoned(): void;
    /** Somebody knows that the upstream is well: closed, and nothing is remembered. */
    reset(): void;
}

/** A certificate with its chain, the key to it, both in PEM, and the names it is for. */
interface CertificateFiles {
    /** The certificate first, then those that it was signed with, up to but without the root. */
    readonly certFile: string;
    readonly keyFile: string;
    /** Host names that it is given out for, `*.` as the first label allowed. Default: the DNS names in the certificate. */
    readonly names?: readonly string[];
}

/** Memory in which several threads count, and which of them this is, from 0. */
interface SharedCountsPlace {
    readonly memory: SharedArrayBuffer;
    readonly thread: number;
}
/** Memory for the connections of clients over so many threads, 768 KiB for each. */
declare function clientCountsMemory(threads: number): SharedArrayBuffer;
/** A thread is gone, and its connections with it. */
declare function forgetCounts({ memory, thread }: SharedCountsPlace): void;

/** Pages of the user's own for the answers of the proxy itself. */
interface ErrorPagesSpec {
    /** Holds `404.html`, `503.json`, `429.txt` and the like, which are sent as they are. Other files are ignored. Read once, at the start. */
    readonly folder: string;
}

/** Something else listens on the address of a bind, or a file that is no socket stands in its place. */
declare class BindInUseError extends MothershipError {
    readonly code = "MS_BIND_IN_USE";
    readonly bind: string;
    readonly address: string;
    constructor(bind: string, address: Address, reason: string, options?: ErrorOptions);
}
/** The system does not let this user listen there. */
declare class BindDeniedError extends MothershipError {
    readonly code = "MS_BIND_DENIED";
    readonly bind: string;
    readonly address: string;
    constructor(bind: string, address: Address, options?: ErrorOptions);
}
/** The address of a bind cannot be listened on for another reason: no such host or interface, no such folder, too many open files. */
declare class BindFailedError extends MothershipError {
    readonly code = "MS_BIND_FAILED";
    readonly bind: string;
    readonly address: string;
    constructor(bind: string, address: Address, reason: string, options?: ErrorOptions);
}
/** An entry of `trustedProxies` is neither an address nor a network. */
declare class TrustedProxyError extends MothershipError {
    readonly code = "MS_TRUSTED_PROXY_INVALID";
    constructor(entry: string);
}
/** A certificate or its key cannot be used: not readable, not PEM, not belonging together. */
declare class TlsCertificateError extends MothershipError {
    readonly code = "MS_TLS_CERTIFICATE";
    readonly bind: string;
    readonly file: string;
    constructor(bind: string, file: string, reason: string, options?: ErrorOptions);
}
/** The folder of error pages, or a page in it, cannot be used. */
declare class ErrorPagesError extends MothershipError {
    readonly code = "MS_ERROR_PAGES";
    readonly path: string;
    constructor(path: string, reason: string, options?: ErrorOptions);
}
/** Middleware set a path or query that could not be sent. */
declare class TargetError extends MothershipError {
    readonly code = "MS_TARGET_INVALID";
    constructor(what: "path" | "query", text: string, reason: string);
}
/** Why something that was running was cut off: the listener closes, or the upstream is drained and its time is over. */
declare class DrainedError extends MothershipError {
    readonly code = "MS_DRAINED";
    constructor(what: string);
}

/** What a proxy reports besides what middleware sees: requests and connections that never became an exchange. */
interface ProxyEvents {
    /** A request was refused on the wire and has been answered; with status 0 the connection was closed instead. */
    refused: {
        readonly bind: string;
        /** Address of the peer; "" over a Unix socket. */
        readonly peer: string;
        readonly code: string;
        readonly status: number;
        /** Where the rule is written. */
        readonly section: string;
        readonly reason: string;
    };
    /** A connection was dropped without an answer, for what should be its PROXY protocol header is none. */
    headerRefused: {
        readonly bind: string;
        readonly peer: string;
        readonly reason: string;
    };
    /** A connection was closed at once, for its listener had as many as it may, or its client, and then `peer` is its address. */
    turnedAway: {
        readonly bind: string;
        readonly peer: string;
    };
    /** A TLS handshake came to nothing and the connection was closed. */
    handshakeFailed: {
        readonly bind: string;
        readonly peer: string;
        readonly reason: string;
    };
}

/** How many of the requests to an upstream may be second tries, at one time. */
interface RetryPolicy {
    /** Share of the requests that run, 0 to 1. Default 0.2. */
    readonly ratio?: number;
    /** So many in any case. Default 3. */
    readonly min?: number;
}
/** Keeps second tries from doubling the load of an upstream at the very moment when it breaks off connections. */
declare class RetryBudget {
    #private;
    constructor({ ratio, min }?: RetryPolicy);
    /** Second tries that wait for their answer. */
    get running(): number;
    /** Takes a place for a second try, given the number of requests that run; false when there is none. True is followed by one `leave`. */
    enter(inFlight: number): boolean;
    leave(): void;
}

/** A member of a `RunningList`. */
interface Placed {
    /** Where it stands in its list, which writes it; anything before it is in one. */
    place: number;
}

type Warn = (message: string, fields: LogFields) => void;
/** Disposing it tells at once what was left out; from then on nothing is. */
type ThrottledWarning = Warn & Disposable;

/** How requests wait while their upstream is restarted. */
interface HoldPolicy {
    /** How long one waits at most. Default 10,000; 0 for not at all. */
    readonly timeoutMs?: number;
    /**
     * So many wait at a time; the next one is refused. Default 1,000; 0 for none. Never more than the connections and the queue of the
     * upstream take together, for they are all sent when it is back.
     */
    readonly maxHeld?: number;
}
/**
 * What became of a request that came during a restart: sent (`released`), refused because it waited too long (`timeout`), too many waited
 * (`full`) or the upstream does not come back (`unavailable`), or given up by its client (`left`).
 */
type HoldOutcome = "released" | "timeout" | "full" | "unavailable" | "left";
/** One that waits. Told once how its wait ended, unless it leaves before. Must not throw. */
type Waiter = (outcome: "released" | "timeout" | "unavailable") => void;
/** Waiters in the order in which they came, each for so long and not longer. Holds one timer, and none while it is empty. */
declare class WaitingRoom {
    #private;
    /** Waiters at a time. */
    readonly places: number;
    constructor({ timeoutMs, maxHeld }: HoldPolicy, clock: Clock);
    get size(): number;
    /** False when there is no place left; then it hears nothing. */
    enter(waiter: Waiter): boolean;
    /** It does not wait any more and hears nothing. False for one that was told before, or is not here. */
    leave(waiter: Waiter): boolean;
    /** Tells all of them, first come first. One that comes meanwhile waits for the next time. */
    empty(outcome: "released" | "unavailable"): void;
}

/** One service that requests are forwarded to: plain data. */
interface UpstreamSpec {
    /** Shown in logs, metrics and `Exchange.upstream`. */
    readonly name: string;
    readonly address: Address;
    /** Gets requests from the start. Default true; false for a process that is not ready yet. */
    readonly available?: boolean;
    /** Connections at a time; further requests wait. Default 256. */
    readonly maxConnections?: number;
    /** Requests that may wait for a connection; the next one gets 503. Default 1024. */
    readonly maxQueued?: number;
    readonly limits?: Partial<ClientLimits>;
    readonly timeouts?: Partial<ClientTimeouts>;
    /** Keep requests away while most of them fail; they get 503. Default: no breaker. */
    readonly breaker?: BreakerPolicy;
    /** How many requests may be sent a second time at once. Default: a fifth of those that run, and 3 in any case. */
    readonly retries?: RetryPolicy;
    /** How requests wait while it is restarted, which `Upstream.hold` announces. */
    readonly hold?: HoldPolicy;
    /** What a client is told to wait when the upstream is not available. Default 5. */
    readonly retryAfterSeconds?: number;
    /** Made by `breakerMemory`, for an upstream of the same service in each of several threads: they have one breaker. Default: alone. */
    readonly breakerMemory?: SharedArrayBuffer | undefined;
    /** How long `drain` and `close` wait for running requests when they are given no signal. Default 30,000. */
    readonly graceMs?: number;
}
/** Something that runs against an upstream: a request, or the tunnel that it became. */
interface Running extends Placed {
    readonly isTunnel: boolean;
    /** Cuts it off; it leaves the upstream before this returns or soon after. */
    abort(reason: Error): void;
}
/** A running pool of connections to one service, and the count of what goes on there. Closing it drains it first. */
declare class Upstream implements Closable {
    #private;
    readonly name: string;
    /** For `forwardTo` alone: whatever else sends through it is neither counted nor drained. */
    readonly pool: ClientPool;
    readonly retryAfterSeconds: number;
    /** Undefined where the spec asks for none. For `forwardTo`, and for whoever shows its state. */
    readonly breaker: Breaker | undefined;
    /** For `forwardTo`. */
    readonly retries: RetryBudget;
    /** For `forwardTo`: where requests wait while `holding`. */
    readonly room: WaitingRoom;
    /** For `forwardTo`: says what of its requests fails. */
    readonly warn: ThrottledWarning;
    constructor(spec: UpstreamSpec, pool: ClientPool, deps: Deps);
    /** Set from outside by whoever knows (a supervisor, a probe). False: new requests get 503; those that run go on. */
    get available(): boolean;
    /**
     * Ends a hold: true sends the requests that wait, in their order, false answers them 503 at once.
     * The breaker stays as it is: whoever knows that another process serves now calls its `reset`.
     */
    set available(available: boolean);
    /**
     * It is about to be restarted: until `available` is set, new requests wait, so many and so long as the spec says. Without effect on those
     * that run. Call it before `drain`, which leaves it as it is. Where the spec lets none wait it is out of use, as with `available = false`.
     */
    hold(): void;
    /** It is restarted and new requests wait. */
    get holding(): boolean;
    /** Requests that wait for the end of a restart. */
    get held(): number;
    /** Requests that have not ended, tunnels apart. */
    get inFlight(): number;
    get tunnels(): number;
    /** A drain runs: nothing new may begin, and no tunnel may come out of a request that still runs. */
    get draining(): boolean;
    /** Counts `running` until it leaves. */
    enter(running: Running): void;
    leave(running: Running): void;
    /**
     * Takes it out of use and resolves when nothing runs against it: tunnels end at once, requests may finish until the
     * signal fires (without one: until the grace has passed), and are then cut off. Set `available` again to bring it back. Requests that wait
     * for the end of a restart are none that run.
     */
    drain({ signal }?: AbortOptions): Promise<void>;
    close(options?: AbortOptions): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** Opens the pool of an upstream. No connection is made before the first request. */
declare function openUpstream(spec: UpstreamSpec, deps: Deps): Upstream;

interface ForwardOptions {
    /** A tunnel in which nothing was sent for so long ends. Default one hour; 0 for never. */
    readonly tunnelIdleMs?: number;
    /** Hears what becomes of each request. Default: nobody does. */
    readonly watch?: ForwardWatch | undefined;
}
/** For whoever judges an upstream by what it does, or counts that. Must not throw. */
interface ForwardWatch {
    /** It gave an answer, whatever its status. */
    answered(): void;
    /** It gave none; `reason` as the client is told: `upstream-unreachable`, `upstream-closed` and the like. */
    failed(reason: string): void;
    /** A request that came while it was restarted has been sent, refused or given up; one that is sent is heard of again. */
    held?(outcome: HoldOutcome): void;
}
/**
 * A handler that forwards each exchange to `upstream` and streams the answer back, both ways with back-pressure.
 *
 * A client that leaves cancels the request; an upstream that fails becomes 502, 503 or 504 with a reason, or, once the answer has begun, a
 * cut connection, so that half an answer never looks whole. A request is sent a second time only when it cannot have been processed.
 * One that comes while the upstream is restarted (`Upstream.hold`) waits until it is back.
 */
declare function forwardTo(upstream: Upstream, deps: Deps, { tunnelIdleMs, watch }?: ForwardOptions): Handler;

/** What the proxy tells upstreams about itself and the client. */
interface ForwardingSpec {
    /** The name in Via, added to every forwarded request (RFC 9110, 7.6.3). Default "mothership". */
    readonly via?: string;
    /** Also send `Forwarded` (RFC 7239). Default false. */
    readonly forwarded?: boolean;
}

/** What one HTTP/2 connection may cost besides what `ServerLimits` say of each request. Defaults: `defaultHttp2Limits`. */
interface Http2Limits {
    /** Requests at a time; a further one is refused and may be sent again, and ends the connection of a client that has acknowledged the limit. */
    readonly maxStreams: number;
    /** Bytes of one request that may arrive before its reader has taken those before them. */
    readonly streamWindowBytes: number;
    /** The same for all requests of a connection together. */
    readonly connectionWindowBytes: number;
    /** Requests that end before their answer is complete (CVE-2023-44487): so many at once, then `resetsPerSecond`; beyond, the connection is closed. */
    readonly resetBurst: number;
    readonly resetsPerSecond: number;
    /** PING and SETTINGS frames, each of which we have to answer (CVE-2019-9512, -9515): as for resets. */
    readonly controlBurst: number;
    readonly controlsPerSecond: number;
}
declare const defaultHttp2Limits: Http2Limits;

/** How TLS is ended on a bind. Plain data. */
interface TlsSpec {
    /** At least one. Each client is given the first whose names have the one it asks for exactly, else by wildcard, else the first of all. */
    readonly certificates: readonly CertificateFiles[];
    /** Default "TLSv1.2". */
    readonly minVersion?: "TLSv1.2" | "TLSv1.3";
    /** Time for a handshake. Default 10,000. */
    readonly handshakeMs?: number;
    /** Handshakes at a time; the socket of a further one is closed at once. Default 1,024. */
    readonly maxHandshakes?: number;
    /** Made by `ticketMemory`, for the same bind in each of several threads, whose clocks agree: a client may resume its session in any. Default: alone. */
    readonly ticketMemory?: SharedArrayBuffer | undefined;
}

/** A bind: where clients connect, and what is believed of them. Plain data. */
interface ListenerSpec {
    /** Unique; routes name it. */
    readonly name: string;
    /** Port 0 takes a free one, see `Proxy.address`. */
    readonly address: Address;
    /**
     * Threads listen on one port together, and the system spreads connections over them (SO_REUSEPORT): the `first` opens it, which fails
     * where somebody else listens already, `further` ones join. Of TCP alone, and not on every system (macOS, Windows: the bind fails).
     */
    readonly sharesPort?: "first" | "further";
    /** Permissions of a Unix socket's file, for example 0o660. Default: what the umask leaves. */
    readonly mode?: number;
    /** Connections at a time; further ones are closed at once. Default 16,384. */
    readonly maxConnections?: number;
    /** Plain HTTP comes here from something that ended TLS for its clients: they count as secure. Default false. */
    readonly secure?: boolean;
    /** Forwarders whose X-Forwarded-* and X-Request-Id are believed: addresses, networks, `unix`. Default none. */
    readonly trustedProxies?: readonly string[];
    /**
     * Connections begin with a PROXY protocol header (version 1 or 2) that says who the client is. `required`: all. `from`: all from these
     * addresses and networks, none from others. `auto`: those that begin like one; only for binds that nobody but a balancer reaches, for
     * whoever connects can then pretend to be anybody. Default: none.
     */
    readonly proxyProtocol?: "auto" | "required" | {
        readonly from: readonly string[];
    };
    /** End TLS here. Default: plain HTTP. */
    readonly tls?: TlsSpec;
    /** Limits of HTTP/2, which is offered to every client where there is `tls`; false offers HTTP/1.1 only. */
    readonly http2?: false | Partial<Http2Limits>;
    /** Protocols that clients may upgrade to, lower case. Default `["websocket"]`. */
    readonly upgrades?: readonly string[];
    readonly limits?: Partial<ServerLimits>;
    readonly timeouts?: Partial<ServerTimeouts>;
}
interface ProxySpec {
    readonly listeners: readonly ListenerSpec[];
    readonly forwarding?: ForwardingSpec;
    /**
     * Connections at a time of one client over all listeners; further ones are closed at once. Counted by address, IPv6 by /64; not counted
     * are trusted proxies and Unix sockets, behind which are many clients. Default: any number.
     */
    readonly maxConnectionsPerClient?: number;
    /** Memory made by `clientCountsMemory`, for proxies with the same cap in several threads: they count a client's connections together. Default: alone. */
    readonly clientCounts?: SharedCountsPlace | undefined;
    /** Default: short answers in text, JSON or HTML. */
    readonly errorPages?: ErrorPagesSpec;
    /** How long `close` waits for running requests when it is given no signal. Default 30,000. */
    readonly graceMs?: number;
}
/** Running listeners and the handler that everything they take in goes to. */
interface Proxy extends Closable {
    readonly events: Subscribable<ProxyEvents>;
    /** Open client connections, tunnels included. */
    readonly connections: number;
    /** Requests that have not ended, tunnels apart. */
    readonly inFlight: number;
    /** Where a listener really listens: with port 0 in the spec, the port it got. @throws {RangeError} for a name that is not in the spec. */
    address(listener: string): Address;
    /** From the next request on, `handler` answers. Requests that run stay with the one that began them. */
    replace(handler: Handler): void;
    /**
     * Does all that may fail of going over to another spec: opens new listeners, reads new certificates and error pages. A listener whose
     * address stays keeps its socket and its connections, whatever else changes. One change at a time.
     *
     * @throws what `openProxy` throws; then nothing has changed.
     */
    prepare(spec: Omit<ProxySpec, "graceMs">, options?: AbortOptions): Promise<ProxyChange>;
}
/** A change that is ready: exactly one of the two is called, once. */
interface ProxyChange {
    /**
     * In force at once, with this handler. New listeners take those who have connected meanwhile. Listeners that are gone stop accepting and
     * drain by themselves as in `close`, for as long as the grace.
     */
    commit(handler: Handler): void;
    /** Closes what was opened for it. */
    abandon(): Promise<void>;
}
/**
 * Opens all listeners of `spec`, or none and throws. Every request goes to `handler`, whose errors become 500 or a cut connection.
 *
 * `close` stops accepting, ends tunnels and idle connections, lets running requests finish with `Connection: close` until the
 * signal fires (without one: until the grace has passed), and cuts off what is left.
 *
 * @throws {BindInUseError} | {BindDeniedError} | {BindFailedError} | {TlsCertificateError} naming the bind; {TrustedProxyError} | {ErrorPagesError}
 */
declare function openProxy(spec: ProxySpec, handler: Handler, deps: Deps, options?: AbortOptions): Promise<Proxy>;

/** An answer of the proxy itself: plain data, so that it can stand as a constant. */
interface Answer {
    readonly status: number;
    /** Machine-readable, in kebab-case; sent as X-Mothership-Error. */
    readonly reason: string;
    /** One sentence for the person who sees it. Tells nothing about the inside. */
    readonly message: string;
    /** Sent as Retry-After. Whole seconds, at least 1. */
    readonly retryAfterSeconds?: number;
    /** Further fields, as pairs. */
    readonly fields?: readonly (readonly [name: string, value: string])[];
}
/** Every reason that an answer of this package can name, with its status. The table of the README is checked against it. */
declare const answers: {
    readonly badTarget: {
        readonly status: 400;
        readonly reason: "bad-target";
        readonly message: "The path of the request is not valid.";
    };
    readonly badHandshake: {
        readonly status: 400;
        readonly reason: "bad-handshake";
        readonly message: "The WebSocket handshake is not valid.";
    };
    readonly bodyCut: {
        readonly status: 400;
        readonly reason: "body-cut";
        readonly message: "The body of the request was cut off or is not valid.";
    };
    readonly noRoute: {
        readonly status: 404;
        readonly reason: "no-route";
        readonly message: "Nothing is served at this address.";
    };
    readonly methodRefused: {
        readonly status: 405;
        readonly reason: "method-refused";
        readonly message: "This method is not served here.";
        readonly fields: readonly [readonly ["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]];
    };
    readonly misdirected: {
        readonly status: 421;
        readonly reason: "misdirected";
        readonly message: "This host is served over a connection of its own.";
    };
    readonly webSocketVersion: {
        readonly status: 426;
        readonly reason: "websocket-version";
        readonly message: "Only version 13 of the WebSocket protocol is served.";
        readonly fields: readonly [readonly ["Upgrade", "websocket"], readonly ["Sec-WebSocket-Version", "13"]];
    };
    readonly internal: {
        readonly status: 500;
        readonly reason: "internal";
        readonly message: "The request could not be served.";
    };
    readonly unreachable: {
        readonly status: 502;
        readonly reason: "upstream-unreachable";
        readonly message: "The service behind this address does not accept connections.";
    };
    readonly closed: {
        readonly status: 502;
        readonly reason: "upstream-closed";
        readonly message: "The service behind this address closed the connection before it answered.";
    };
    readonly invalid: {
        readonly status: 502;
        readonly reason: "upstream-invalid";
        readonly message: "The service behind this address gave an answer that is not valid.";
    };
    readonly unavailable: {
        readonly status: 503;
        readonly reason: "upstream-unavailable";
        readonly message: "The service behind this address is not available at the moment.";
    };
    readonly breakerOpen: {
        readonly status: 503;
        readonly reason: "upstream-failing";
        readonly message: "The service behind this address fails too often; it is given a moment to recover.";
    };
    readonly overloaded: {
        readonly status: 503;
        readonly reason: "upstream-overloaded";
        readonly message: "Too many requests wait for the service behind this address.";
    };
    readonly holdFull: {
        readonly status: 503;
        readonly reason: "upstream-hold-full";
        readonly message: "The service behind this address is being restarted, and too many requests wait for it.";
    };
    readonly holdTimeout: {
        readonly status: 503;
        readonly reason: "upstream-hold-timeout";
        readonly message: "The service behind this address is being restarted, and takes longer than a request may wait.";
    };
    readonly timeout: {
        readonly status: 504;
        readonly reason: "upstream-timeout";
        readonly message: "The service behind this address did not answer in time.";
    };
    readonly loop: {
        readonly status: 508;
        readonly reason: "loop-detected";
        readonly message: "The request has passed this proxy too often.";
    };
};
/** Sends `answer` in the form that the client prefers: JSON, HTML or text. Never stored by a cache. */
declare function reply(exchange: Exchange, answer: Answer): void;
/** The same without sending it. */
declare function render(exchange: Exchange, answer: Answer): {
    readonly head: ResponseHead;
    readonly body: Body;
};

/** Sends what comes in on one bind under one pattern to one handler. Plain data but for `when` and `to`. */
interface Route {
    /** Name of the bind. */
    readonly bind: string;
    /** Matched against the whole canonical path, without the query. */
    readonly pattern: string;
    /** Taken off the path before `to` sees it, where it ends at a segment. */
    readonly stripPrefix?: string | undefined;
    /** Asked after the pattern has matched; false goes on to the next route. Must be cheap and not throw. */
    readonly when?: ((exchange: Exchange) => boolean) | undefined;
    /** Shown in logs and metrics; the pattern if not given. */
    readonly label?: string | undefined;
    readonly to: Handler;
}
/**
 * A handler that passes each exchange to the first route, in the order of the list, whose bind, pattern and predicate fit;
 * to `otherwise` (404) if none does. All patterns of a bind are matched in one pass, so that many routes cost about what one does.
 *
 * @throws what `PatternSet` throws for a pattern that does not compile.
 */
declare function createRouter(routes: readonly Route[], otherwise?: Handler): Handler;
/** Answers 404. */
declare function notFound(exchange: Exchange): void;

/**
 * The canonical form of a request path. What this file returns is what routes are matched against *and* what is forwarded,
 * so a route, a filter and the upstream can never disagree about which path was asked for.
 *
 * 1. Escapes of unreserved characters are decoded once (`%41` is `A`, `%2e` is `.`); other escapes stay and get upper-case digits.
 * 2. Dot segments are resolved (RFC 3986, 5.2.4). `..` at the root stays at the root.
 * 3. Slashes at the start become one, because `//host` is something else to whoever resolves it. Empty segments further on are kept:
 *    applications use them (`/fetch/https://example.com`).
 * 4. `%2F` and `%5C` are not separators and stay as they are. Where a dot segment would appear if they were (`..%2F`), or if path
 *    parameters were cut off (`..;a`), the path is refused: an upstream that decodes later would climb.
 * 5. `%00` and malformed escapes are refused.
 */
/** Why a path has no canonical form. One of a few constants: telling a client costs no allocation. */
interface PathProblem {
    readonly reason: string;
}
/** The canonical form of `path` (origin-form, without the query), or why it has none. Returns `path` itself when it is canonical already. */
declare function canonicalPath(path: string): string | PathProblem;

/** Memory for the keys of session tickets of one bind in several threads: what one of them has sealed, the others can open. */
declare function ticketMemory(): SharedArrayBuffer;

export { BindDeniedError, BindFailedError, BindInUseError, DrainedError, ErrorPagesError, TargetError, TlsCertificateError, TrustedProxyError, Upstream, accessLog, answers, breakerMemory, canonicalPath, clientCountsMemory, createRouter, defaultHttp2Limits, forgetCounts, forwardTo, notFound, openProxy, openUpstream, render, reply, ticketMemory };
export type { AccessEntry, AccessLogOptions, Answer, BreakerPolicy, BreakerState, CertificateFiles, ErrorPagesSpec, ForwardOptions, ForwardWatch, ForwardingSpec, HoldOutcome, HoldPolicy, Http2Limits, ListenerSpec, PathProblem, Proxy, ProxyChange, ProxyEvents, ProxySpec, RetryPolicy, Route, SharedCountsPlace, TlsSpec, UpstreamSpec };
