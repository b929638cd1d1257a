// entry: .
import { b as Frame, D as DockTerms } from './errors-GBN9jpDr.js';
export { A as AcceptFrame, c as BayClosedError, d as BayUnreachableError, e as BoardingFrame, C as CreditExceededError, f as FrameMalformedError, F as FrameTooLargeError, g as FrameType, a as FrameUnexpectedError, h as FrameUnknownError, H as HeaderPair, i as LinkClosedError, L as LinkFaultError, j as LinkSilentError, M as MessageFrame, k as MooredTerms, R as Reboarding, l as RefuseFrame } from './errors-GBN9jpDr.js';
import { Address, Closable, Subscribable, AbortOptions, Deps, Handler } from '@mothership/kernel';

/** Limits of one frame. */
interface FrameLimits {
    /** Longest payload, in bytes. */
    readonly maxFrameBytes: number;
    /** Longest JSON payload, in bytes. */
    readonly maxJsonBytes: number;
}
/** Everything that a bay, its clients or the lack of either may use up on mothership's side. Times in milliseconds. */
interface BayLimits extends FrameLimits {
    /** Longest message, in bytes. A client that sends a longer one is closed with 1009. */
    readonly maxMessageBytes: number;
    /** Clients of the bay. Further ones get 503. */
    readonly maxClients: number;
    /** Links to one bay process, whatever it asks for. */
    readonly maxLinks: number;
    /** Credit of one client towards the bay's clients (version 2): bytes from the bay that may wait for one client. */
    readonly clientWindowBytes: number;
    /** Bytes from the bay that may wait for one client (version 1). More, and the client is closed with 1013. */
    readonly maxClientBytes: number;
    /** Bytes that may wait in each direction of a link. */
    readonly maxLinkBytes: number;
    /** From the connection to Dock. */
    readonly dockMs: number;
    /** From the request to the bay's Accept or Refuse; then 504. Without a link: 503. */
    readonly acceptMs: number;
    /** Between two Pings on a link. A bay from which nothing came since the last one is lost when the next one is due. */
    readonly pingMs: number;
    /** Between two pings to a client. One that has not answered the last one when the next one is due is cut. */
    readonly clientPingMs: number;
    /** A client that does not answer a close frame within this time is cut. */
    readonly closeMs: number;
    /** How long clients stay connected without a link; then they are closed with 1012. */
    readonly holdMs: number;
    /** While more than half of `maxLinkBytes` waits for clients, one that took nothing for so long is cut. */
    readonly stallMs: number;
    /** How long a bay may take to finish after Drain. */
    readonly drainMs: number;
    /** After Moored to a bay of version 1, before its first client: what follows Moored in one read is lost on existing bays. */
    readonly settleMs: number;
}
declare const defaultBayLimits: BayLimits;

/**
 * Bytes to frames, however they are cut.
 *
 * The data of a frame is a view of the chunk that it came in, where it came in one: whoever keeps it for long copies it.
 * After an error the decoder gives the same error for ever, because nothing tells where the next frame would begin.
 */
declare class FrameDecoder {
    #private;
    constructor(limits?: Partial<FrameLimits>);
    /** True between two frames: an end of the stream here cuts nothing off. */
    get idle(): boolean;
    /**
     * The frames that `chunk` completes.
     *
     * @throws {FrameTooLargeError} as soon as the header tells it.
     * @throws {FrameUnknownError} likewise.
     * @throws {FrameMalformedError} when a payload is not what its type requires.
     */
    push(chunk: Uint8Array): Frame[];
    /** The same without a list: `take` gets each frame before the next one is looked at, also those before an error. */
    read(chunk: Uint8Array, take: (frame: Frame) => void): void;
}

/**
 * The bytes of one frame.
 *
 * @throws {FrameTooLargeError} when its payload is longer than the limits allow.
 */
declare function encodeFrame(frame: Frame, limits?: FrameLimits): Uint8Array;

/** The folder of the bays' sockets: `MS_SOCKET_DIR`, else `mothership` in `XDG_RUNTIME_DIR`, else `mothership` in the system's temporary folder. */
declare function socketFolder(env: Readonly<Record<string, string | undefined>>): string;
/**
 * Where the bay of this name listens: `<folder>/<name>.sock`.
 *
 * @throws {AddressError} when the path is longer than a socket's may be (107 bytes on Linux, 103 elsewhere).
 */
declare function bayAddress(name: string, folder: string): Extract<Address, {
    readonly kind: "unix";
}>;
/**
 * The five variables that a bay finds its way by; `type` is the `websocket` of `[[bays.websocket]]`, `pid` that of mothership.
 *
 * @throws {AddressError} as `bayAddress` does.
 */
declare function bayEnvironment(name: string, folder: string, type: string, pid?: number): Readonly<Record<string, string>>;
/** The `config` of a bay as it travels: text stays, numbers and booleans become what they look like, and what is left becomes JSON. */
declare function configStrings(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>>;

/** Why a link ended. closed: the bay closed it or died. drained: it had finished after Drain. fault: it broke the protocol, or said that we did. silent: it answered no Ping. */
type LossKind = "closed" | "drained" | "fault" | "silent" | "ours";
/** What happens to a bay. */
interface BayEvents {
    /** A link is up. */
    moored: {
        readonly version: 1 | 2;
        readonly links: number;
    };
    /** A link is gone. After a fault the process should be restarted; a lost bay is dialled again until it is closed. */
    lost: {
        readonly kind: LossKind;
        readonly code: string;
        readonly reason: string;
        readonly links: number;
    };
    /** A client completed its handshake. */
    boarded: {
        readonly connId: number;
        readonly path: string;
    };
    /** A client was boarded again; `inDoubt` messages of it went to an earlier process and may be lost. */
    reboarded: {
        readonly connId: number;
        readonly epoch: number;
        readonly inDoubt: number;
    };
    /** A client is gone. `by` tells who ended it: `limit` stands for one of mothership's limits. */
    left: {
        readonly connId: number;
        readonly code: number;
        readonly reason: string;
        readonly by: "client" | "bay" | "limit" | "mothership";
    };
}

/** What went over a bay's links, those included that are over. Grows from the opening of the bay. */
interface Traffic {
    readonly framesIn: number;
    readonly framesOut: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
}
/** Figures of a bay. */
interface BaySnapshot extends Traffic {
    /** The version spoken; undefined without a link. */
    readonly version: 1 | 2 | undefined;
    readonly links: number;
    /** It takes new clients. */
    readonly accepting: boolean;
    /** Connected, or on their way. */
    readonly clients: number;
    /** Of these, those that wait for a link. */
    readonly waiting: number;
    /** Handshakes that were completed, from the opening of the bay. */
    readonly boardings: number;
    /** Boardings of clients that had boarded before. */
    readonly reboardings: number;
    /** Bytes that wait for the bay. */
    readonly queuedForBay: number;
    /** Bytes that wait for clients. */
    readonly queuedForClients: number;
}

/** A bay as mothership sees it: plain data. */
interface BaySpec {
    /** What the bay calls itself in its Dock. */
    readonly name: string;
    /** The socket that the bay listens on. */
    readonly address: Extract<Address, {
        readonly kind: "unix";
    }>;
    /** Sent to the bay when it docks. */
    readonly config: Readonly<Record<string, string>>;
    /** Sub-protocols that a bay of version 1 speaks: the first of a client's offers that stands here is chosen. Version 2 chooses itself. */
    readonly protocols?: readonly string[];
    /**
     * What the Cargo of a bay of version 1 becomes: `text` and `binary` always that, `auto` (the default) text where it is valid UTF-8.
     * Under `text`, a client for which the bay sends anything else is closed with 1011.
     */
    readonly cargo?: "auto" | "text" | "binary";
    /**
     * Clients stay connected when a bay that does not know `reboard` is restarted, and it sees them as new boardings.
     * Default false: they are closed with 1012, because the new process would take their next message for their first.
     */
    readonly reboard?: boolean;
    /** Web origins (lower case, as in the Origin header) whose pages may connect. Default: all. Clients that send none are no browsers, and may. */
    readonly origins?: readonly string[];
    /** Agree to permessage-deflate. Default false: it costs memory and time for each client. */
    readonly deflate?: boolean;
    readonly limits?: Partial<BayLimits>;
}

/** How a link ended. */
interface LinkLoss {
    readonly kind: LossKind;
    readonly code: string;
    readonly reason: string;
}
/** What happens to a link. */
interface BayLinkEvents {
    /** It is over. Nothing is received after this. */
    lost: LinkLoss;
}
interface BayLinkOptions extends AbortOptions {
    /** Called for each frame behind Moored but Ping, Pong and Fault, which the link handles. A throw cuts the link with a Fault. */
    readonly receive?: (frame: Frame) => void;
    /** Called when everything written has left this process. */
    readonly drained?: () => void;
    /** Names this side in Moored; links with one session share the numbers of clients. Default: a new name. */
    readonly session?: string;
}
/** A moored link. */
interface BayLink extends Closable {
    readonly events: Subscribable<BayLinkEvents>;
    /** Resolves with what `lost` says, also for whoever asks late. */
    readonly ended: Promise<LinkLoss>;
    /** The version that is spoken. */
    readonly version: 1 | 2;
    /** What the bay called itself. */
    readonly ship: string;
    /** What it offered; undefined in version 1. */
    readonly terms: DockTerms | undefined;
    /** Its features that are in effect. */
    readonly features: readonly string[];
    /** Sends a frame; without effect on a link that is over. @throws {FrameTooLargeError} */
    send(frame: Frame): void;
    /** Cuts the link for a reason that the bay is told, if it speaks version 2. */
    fail(error: Error): void;
}
/**
 * Dials a bay until its socket exists and docks. Resolves once it is moored.
 *
 * @throws {DeadlineError} when Dock does not come in time; a coded error when something else comes.
 */
declare function openBayLink(spec: BaySpec, deps: Deps, options?: BayLinkOptions): Promise<BayLink>;

interface Bay extends Closable {
    readonly name: string;
    readonly events: Subscribable<BayEvents>;
    /** Takes WebSocket handshakes; everything else is answered with an error status. */
    readonly handler: Handler;
    /** Resolves when the bay takes clients: at once if it does. What a readiness probe awaits. @throws the signal's reason; BayClosedError. */
    ready(options?: AbortOptions): Promise<void>;
    /**
     * Moves the clients from the process that is docked now to one that listens on the same socket by now: docks with that first, then drains the
     * old links. Resolves when these are gone. Without loss where the bay speaks version 2 with `drain`.
     */
    handOver(options?: AbortOptions): Promise<void>;
    snapshot(): BaySnapshot;
}
/** Opens a bay; dialling begins at once. The process behind the socket is somebody else's to start, and to restart when a link is lost. */
declare function openBay(spec: BaySpec, deps: Deps): Bay;

export { DockTerms, Frame, FrameDecoder, bayAddress, bayEnvironment, configStrings, defaultBayLimits, encodeFrame, openBay, openBayLink, socketFolder };
export type { Bay, BayEvents, BayLimits, BayLink, BayLinkEvents, BayLinkOptions, BaySnapshot, BaySpec, FrameLimits, LinkLoss, LossKind, Traffic };

// entry: ./bay
import { R as Reboarding, H as HeaderPair } from './errors-GBN9jpDr.js';
export { B as BaySocketError, C as CreditExceededError, F as FrameTooLargeError, a as FrameUnexpectedError, L as LinkFaultError } from './errors-GBN9jpDr.js';
import { Clock, Closable } from '@mothership/kernel';

/** One WebSocket client of the bay. */
interface BayClient {
    /** Unique among the clients of one mothership process. */
    readonly id: number;
    /** With the query. */
    readonly path: string;
    readonly remoteAddress: string;
    /** Lower-case names. */
    readonly headers: Readonly<Record<string, string>>;
    /** The sub-protocols that the client offered. Always empty in version 1. */
    readonly protocols: readonly string[];
    /** Set when the client was boarded before: this process knows nothing of what it said then. */
    readonly reboarding: Reboarding | undefined;
    /** False once the client has left or was closed. */
    readonly open: boolean;
    /** Bytes that wait for the client's credit. */
    readonly queuedBytes: number;
    /**
     * Sends text (a string) or bytes, which must not be changed afterwards. True when it went out; on false it waits for the client to take what was
     * sent before, and a polite sender awaits `flushed`. Too much waiting closes the client with 1013. To a client that has left nothing is sent.
     *
     * @throws {FrameTooLargeError} for a message that is longer than mothership takes.
     */
    send(data: string | Uint8Array): boolean;
    /**
     * Resolves when nothing waits for the client any more, or it has left. A `message` handler that returns this passes the client's own pace on to
     * it: whoever does not take answers cannot go on asking.
     */
    flushed(): Promise<void>;
    /** Closes the client. Default: 1000. What `send` was given before goes out first; what the client sends meanwhile is not heard. */
    close(code?: number, reason?: string): void;
}
/** What a bay says to a client that wants to board: nothing to take it as it is, or one of these. */
type BoardingAnswer = {
    /** One of the client's `protocols`. */
    readonly protocol?: string;
    /** Go into the response of the handshake. Version 2 only. */
    readonly headers?: readonly HeaderPair[];
} | {
    /** An HTTP status from 300 to 599. In version 1 the client is closed with 1008 instead. */
    readonly refuse: number;
    readonly headers?: readonly HeaderPair[];
    readonly body?: string;
};
/** What a bay does. Only `message` is needed. A handler that throws or rejects closes the client with 1011. */
interface BayHandlers {
    /** The bay is docked; `config` is its table in the manifest. No client comes before this has resolved. Called for each link. */
    moored?(config: Readonly<Record<string, string>>): void | Promise<void>;
    /** A client wants to board, or boards again after a link was lost (then `client.reboarding` is set). */
    board?(client: BayClient): BoardingAnswer | undefined | Promise<BoardingAnswer | undefined>;
    /**
     * A message: a string for text, bytes for binary. In version 1 that is told by whether the bytes are UTF-8.
     * While what this returns is pending, the message counts against the client's window: that is the back-pressure.
     * Messages of one client come in order, but the next may come before this has resolved.
     */
    message(client: BayClient, data: string | Uint8Array): void | Promise<void>;
    /** The client is gone. 1006 without a word from it; 1012 when this process hands it over to another. */
    left?(client: BayClient, code: number, reason: string): void;
    /** A handler failed, or a link was cut for breaking the protocol. Default: written to the standard error stream. */
    failed?(error: unknown, client?: BayClient): void;
}

/** How a bay is served. Everything has a default; under mothership, name and path come from the environment. */
interface BayOptions {
    /** Name in Dock. Default: `MS_SHIP`, else the name of the socket. */
    readonly name?: string;
    /** Where to listen. Default: `MS_SOCKET_PATH`, else `<name>.sock` in the folder that `socketFolder` finds. */
    readonly path?: string;
    /** Highest version to offer. Default 2. Give 1 for a mothership that cuts a Dock of version 2 off. */
    readonly version?: 1 | 2;
    /** Links that mothership is asked to dial. Default 1. */
    readonly links?: number;
    /** Bytes of messages of one client that may be unhandled. Default 256 KiB. */
    readonly windowBytes?: number;
    /** The same over all clients of a link. Default 16 MiB. */
    readonly linkWindowBytes?: number;
    /** Longest message taken from a client. Default 1 MiB. */
    readonly maxMessageBytes?: number;
    /**
     * Bytes that may wait for one client. A client for which more waits is closed with 1013. Default 2 MiB: more than the answers to all that one
     * client can have under way, if they are as long as what they answer.
     */
    readonly maxQueuedBytes?: number;
    /** Clients on one link; further ones are refused with 503. Default 65535. */
    readonly maxClients?: number;
    /** From the connection to Moored. Default 10 s. */
    readonly mooredMs?: number;
    /** How long finishing may take when the bay is closed or a link is drained. Default 10 s. */
    readonly drainMs?: number;
    /** The bay closes when it was without a link for so long after it had one: mothership is gone. Default 10 s. */
    readonly orphanMs?: number;
    readonly clock?: Clock;
    readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A bay that listens. `close` hands its clients over where mothership can, finishes what it has, and removes the socket. */
interface ServedBay extends Closable {
    /** Where it listens. */
    readonly path: string;
    /** The clients of all links. */
    readonly clients: ReadonlySet<BayClient>;
    /** The bay's table in the manifest, once the first link is moored. */
    readonly config: Promise<Readonly<Record<string, string>>>;
    /** Resolves when the bay is closed: by `close`, or by itself because mothership is gone. */
    readonly closed: Promise<void>;
}
/** Listens for mothership and serves its clients. Resolves once the socket exists. */
declare function serveBay(handlers: BayHandlers, options?: BayOptions): Promise<ServedBay>;

export { HeaderPair, Reboarding, serveBay };
export type { BayClient, BayHandlers, BayOptions, BoardingAnswer, ServedBay };
