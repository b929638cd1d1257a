import type { Address } from "@mothership/kernel";
import type { FilePath, LogFile } from "./types-values.ts";

/** A named listener. */
export interface Bind {
  readonly name: string;
  readonly address: Address;
  /**
   * PROXY protocol headers (v1 or v2). `true`: read where there is one; connections without one are served too. `"required"`: from every
   * peer. `from`: from peers in these networks.
   */
  readonly proxyProtocol: boolean | "required" | { readonly from: readonly string[] };
  /** Networks (`10.0.0.0/8`, or one address) of peers whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[];
  /** With at least one the bind speaks TLS; the client's server name chooses, the first is for all other names. Files are not looked at here. */
  readonly certificates: readonly Certificate[];
  /** Permissions of the Unix socket; absent: what the system gives it. */
  readonly mode?: number;
  /** Offered to clients where there is TLS. */
  readonly http2: boolean;
  readonly minTlsVersion: "1.2" | "1.3";
  /** At a time. */
  readonly maxConnections: number;
  readonly limits: RequestLimits;
}

/** What one client of a bind may cost. */
export interface RequestLimits {
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  readonly maxTargetBytes: number;
  /** Absent: any length. */
  readonly maxBodyBytes?: number;
  readonly headMs: number;
  readonly idleMs: number;
  readonly stallMs: number;
  /** Of a request's body; 0: any. */
  readonly minBytesPerSecond: number;
}

/** A certificate chain and its private key, both PEM. */
export interface Certificate {
  readonly cert: FilePath;
  readonly key: FilePath;
}

/** The proxy in front of the ships. */
export interface ProxySettings {
  /** Over all binds; absent: any number. */
  readonly maxConnectionsPerClient?: number;
  /** Folder of pages in place of the proxy's own answers. */
  readonly errorPages?: FilePath;
  /** Send ships `Forwarded` (RFC 7239) too. */
  readonly forwarded: boolean;
  /** Its name in `Via`. */
  readonly via: string;
  /** Longest silence in a tunnel to a ship. */
  readonly tunnelIdleMs: number;
}

/** How the proxy asks one ship. */
export interface UpstreamSettings {
  readonly maxConnections: number;
  /** Requests that wait for one. */
  readonly maxQueued: number;
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  readonly connectMs: number;
  readonly queueMs: number;
  /** From the request to the head of its answer. */
  readonly answerMs: number;
  readonly stallMs: number;
  readonly idleMs: number;
  /** How long a request waits while the ship is restarted; 0 for not at all. */
  readonly holdMs: number;
  /** Requests that wait then. */
  readonly maxHeld: number;
  /** Second tries at a time: a share of the requests that run, and so many in any case. */
  readonly retries: { readonly ratio: number; readonly min: number };
  /** Absent: none. */
  readonly breaker?: Breaker;
}

/** When requests are kept away from a ship that fails. */
export interface Breaker {
  readonly failureRatio: number;
  readonly minRequests: number;
  readonly windowMs: number;
  readonly openMs: number;
}

/** A line for each request that has ended. */
export interface AccessLog {
  readonly to: { readonly kind: "stream"; readonly stream: "stdout" | "stderr" } | ({ readonly kind: "file" } & LogFile);
  /** Share of the requests that are written, besides those answered with 500 and more. */
  readonly sample: number;
  readonly query: "none" | "redacted" | "full";
  /** Write the JA4H fingerprint. */
  readonly ja4h: boolean;
}
