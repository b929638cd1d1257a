import type { ServerSessionOptions } from "node:http2";
import { defaultServerLimits, defaultServerTimeouts, type Refusal, type ServerLimits, type ServerTimeouts } from "@mothership/http1";
import type { Incoming } from "@mothership/kernel";

/** What one HTTP/2 connection may cost besides what `ServerLimits` say of each request. Defaults: `defaultHttp2Limits`. */
export interface Http2Limits {
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

export const defaultHttp2Limits: Http2Limits = {
  maxStreams: 100,
  streamWindowBytes: 65_535,
  connectionWindowBytes: 1_048_576,
  resetBurst: 200,
  resetsPerSecond: 20,
  controlBurst: 100,
  controlsPerSecond: 10,
};

/** How to serve HTTP/2 connections. Of `limits` and `timeouts` those count that are not about HTTP/1.1's bytes. */
export interface Http2Spec {
  /** Called for each request; several at a time. A throw answers 500, or resets the stream when an answer has begun. */
  readonly onRequest: (incoming: Incoming) => void;
  /** A request that was refused here (already answered), or a connection that was closed for what its client did. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
  readonly http2?: Partial<Http2Limits> | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  readonly timeouts?: Partial<ServerTimeouts> | undefined;
  /** Protocols that an extended CONNECT (RFC 8441) may ask for. Default: websocket. */
  readonly upgrades?: readonly string[] | undefined;
}

/** A spec with all its defaults in place. */
export interface Http2Settings {
  readonly onRequest: Http2Spec["onRequest"];
  readonly onRefused: Http2Spec["onRefused"];
  readonly http2: Http2Limits;
  readonly limits: ServerLimits;
  readonly timeouts: ServerTimeouts;
  readonly upgrades: readonly string[];
}

/** Applies the defaults. */
export function withHttp2Defaults(spec: Http2Spec): Http2Settings {
  return {
    onRequest: spec.onRequest,
    onRefused: spec.onRefused,
    http2: { ...defaultHttp2Limits, ...spec.http2 },
    limits: { ...defaultServerLimits, ...spec.limits },
    timeouts: { ...defaultServerTimeouts, ...spec.timeouts },
    upgrades: spec.upgrades ?? ["websocket"],
  };
}

/** RFC 9113, 6.5.2 and 10.5.1: a header field costs its bytes and so many more. */
const fieldOverhead = 32;
/** Cookies come as a field for each piece, so that more fields may come than are counted in the end. */
const spareFields = 100;

/** An upstream's response may have 64 KB of fields, and an estimate of what they become is what is compared with this. */
const maxSentHeadBytes = 262_144;

/**
 * What node:http2 is told. Its limits are wider than ours, so that a request that breaks one of ours gets an answer that says so; one that
 * breaks these is reset.
 */
export function sessionOptions({ http2, limits, upgrades }: Http2Settings): ServerSessionOptions {
  const fields = limits.maxFields + spareFields;
  return {
    maxHeaderListPairs: fields,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxSettings: 32,
    // What arrives in one read is counted by us only after it; this stops it while it is parsed.
    streamResetBurst: 4 * http2.resetBurst,
    streamResetRate: 4 * http2.resetsPerSecond,
    maxSendHeaderBlockLength: maxSentHeadBytes,
    settings: {
      maxConcurrentStreams: http2.maxStreams,
      initialWindowSize: http2.streamWindowBytes,
      maxHeaderListSize: limits.maxHeadBytes + fields * fieldOverhead,
      enablePush: false,
      enableConnectProtocol: upgrades.length > 0,
    },
  };
}
