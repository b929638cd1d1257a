// entry: .
import { Clock, Middleware, MothershipError, Exchange, Deps } from '@mothership/kernel';

/** A content coding that can be made here, by its registered name (RFC 9110, 8.4.1; RFC 7932; RFC 8878). */
type Coding = "br" | "zstd" | "gzip" | "deflate";

interface CompressionOptions {
    readonly clock: Clock;
    /** Shorter content goes out plain. Default 1,024. */
    readonly minBytes?: number | undefined;
    /** What is offered, best first: the order decides among what a client likes equally. Default: br, zstd, gzip, deflate. */
    readonly encodings?: readonly Coding[] | undefined;
    /**
     * Responses compressed at a time; at most half of these are streams of events. Beyond it responses go out plain. Each takes up to 2 MB (br,
     * zstd; 0.8 MB gzip, deflate), most of it outside of the JavaScript heap. Default 128.
     */
    readonly maxStreams?: number | undefined;
    /** Called for each response that went out plain because of `maxStreams`. */
    readonly onSaturated?: (() => void) | undefined;
}
/**
 * Middleware that compresses responses on their way out, for clients that take it: content whose type is worth it (by the public database of
 * types), long enough, not encoded yet, and not protected by `no-transform` or a digest of its bytes.
 *
 * @throws {FilterOptionError} for a coding that is not known or none at all, a `minBytes` below 0, or a `maxStreams` below 2.
 */
declare function compression(options: CompressionOptions): Middleware;

/** An option of a middleware has a value that means nothing. Thrown when the middleware is made, never by a request. */
declare class FilterOptionError extends MothershipError {
    readonly code = "MS_FILTER_OPTION";
    readonly option: string;
    /** `expected` ends the sentence "must be". */
    constructor(option: string, expected: string, value: unknown);
}

interface PreflightCacheOptions {
    readonly clock: Clock;
    /** For how long an answer without Access-Control-Max-Age is kept; 0 for not at all. Default one hour. */
    readonly defaultTtlMs?: number | undefined;
    /** Answers kept at a time; the one used longest ago goes first. Default 10,000. */
    readonly maxEntries?: number | undefined;
    /** Memory for all answers and their keys, counted in characters and bytes. Default 2,048 for each of `maxEntries`. */
    readonly maxBytes?: number | undefined;
    /** What else decides who answers (a class of user agents, a fingerprint), as text; becomes part of the key. Default: nothing. */
    readonly varyBy?: ((exchange: Exchange) => string) | undefined;
    /**
     * Which state of an upstream is in force, as a number that changes when the upstream is started anew or replaced: an answer of an earlier
     * one is not given any more. Asked with `Exchange.upstream` of the answer. Default: it never changes.
     */
    readonly versionOf?: ((upstream: string) => number) | undefined;
    /** Called for each preflight that was looked up. */
    readonly onLookup?: ((result: "hit" | "miss") => void) | undefined;
}
/**
 * Middleware that gives the answer of a CORS preflight again: to the same question (see `preflightKey`), byte for byte, for as long as
 * Access-Control-Max-Age says. Only answers that allow the origin are kept; every other request, and every other answer, passes untouched.
 *
 * Preflights that miss at the same time all go on to the next handler.
 *
 * @throws {FilterOptionError} for a number that is negative or not whole, or a `maxEntries` or `maxBytes` of 0.
 */
declare function preflightCache(options: PreflightCacheOptions): Middleware;

/** Which limit was reached: the one for all clients together, or that of one client. */
type LimitScope = "global" | "client";

interface RateLimitOptions {
    readonly clock: Clock;
    /** Requests per second of all clients together; above 0. Default: no such limit. */
    readonly globalPerSecond?: number | undefined;
    /** Requests per minute of one client; above 0. Default: no such limit. */
    readonly perClientPerMinute?: number | undefined;
    /** Clients remembered at a time. When more come in the time in which a bucket fills, those seen longest ago begin anew. Default 100,000. */
    readonly maxClients?: number | undefined;
    /**
     * Made by `rateLimitMemory`, for limiters with the same limits in several threads whose clocks agree: what one lets through, the others
     * count too. It has the number of clients, and `maxClients` is not looked at. Default: alone.
     */
    readonly memory?: SharedArrayBuffer | undefined;
    /**
     * Under which name a request is counted; names are cut at 256 characters. Default: the client's address, an IPv6 one by its /64 network.
     * All who come over a Unix socket, without a trusted forwarder that says who they are, are one client.
     */
    readonly clientOf?: ((exchange: Exchange) => string) | undefined;
    /** Called for each request that was refused. */
    readonly onLimited?: ((scope: LimitScope) => void) | undefined;
    /** Called when `maxClients` was reached, with the number of clients that begin anew. */
    readonly onForgotten?: ((clients: number) => void) | undefined;
}
/**
 * Middleware that answers 429 to requests beyond a limit, before their body is read.
 *
 * Each limit is a token bucket that holds what its period allows and fills evenly: `perClientPerMinute: 100` lets 100 through at once,
 * then one every 600 ms. What is refused is counted nowhere, so that a client beyond its own limit takes nothing from the others.
 *
 * @throws {FilterOptionError} for a rate that is no number above 0, or `maxClients` below 2.
 */
declare function rateLimit(options: RateLimitOptions): Middleware;

/** Memory for the limits of one `rateLimit` in several threads, 12 bytes for each of `maxClients`, rounded up to a power of two, and as much again to spare. */
declare function rateLimitMemory(maxClients?: number): SharedArrayBuffer;

/** A directory whose files are served. Plain data. */
interface StaticDirectory {
    /** Relative paths start at the working directory of the process. It need not exist yet. */
    readonly path: string;
    /** Start of the request paths that it answers for; covers whole segments: `/static` covers `/static/x`, not `/statics`. */
    readonly prefix: string;
    /** Only requests that came in on this bind. Default: all. */
    readonly bind?: string | undefined;
    /** Also serve names that begin with a dot. Default false. */
    readonly dotfiles?: boolean | undefined;
    /** Files that stand for their folder, the first that exists. Default `["index.html"]`. */
    readonly index?: readonly string[] | undefined;
}
/**
 * Middleware that answers GET and HEAD with files. Of the directories that cover a path, the one with the longest prefix is looked into;
 * what is not found there, or must not be served, goes on to the next handler, as does every other method.
 *
 * A compressed neighbour (`app.js.br`, `app.js.gz`) is sent in place of a file to clients that take it.
 */
declare function staticFiles(directories: readonly StaticDirectory[], deps: Deps): Middleware;

export { FilterOptionError, compression, preflightCache, rateLimit, rateLimitMemory, staticFiles };
export type { Coding, CompressionOptions, LimitScope, PreflightCacheOptions, RateLimitOptions, StaticDirectory };
