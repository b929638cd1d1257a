import type { Address } from "@mothership/kernel";

/**
 * A checked manifest with every default applied: plain data that can be logged as JSON, compared and sent.
 *
 * A field is optional only where the manifest may leave it out and no default exists; such a field is then absent, never `undefined`.
 * Expanded URLs (`Uplink.url`, `Flagship.electionUrl`) may hold passwords: show them only through `redact`.
 */
export interface Manifest {
  /** Absolute folder of the file: what relative paths start from and where processes run. "" for a manifest parsed from text alone. */
  readonly folder: string;
  readonly mothership: MothershipSettings;
  /** In the order in which they stand in the file, over all groups. */
  readonly ships: readonly Ship[];
  /** In the order in which they stand in the file, over all types. */
  readonly bays: readonly Bay[];
  /** In the order in which they stand in the file, which is the order in which they see a request. */
  readonly modules: readonly Module[];
}

/** The table `[mothership]`. */
export interface MothershipSettings {
  /** `[mothership.bind]`, in file order. */
  readonly binds: readonly Bind[];
  /** In file order; the longest prefix wins whatever the order. */
  readonly staticDirs: readonly StaticDir[];
  readonly compression: boolean;
  readonly corsCache: CorsCache;
  readonly rateLimiting: RateLimiting;
  /** Port of `/metrics` and `/health` on 127.0.0.1; absent: neither is served. */
  readonly metricsPort?: number;
  readonly flagship: Flagship;
  readonly uplinks: readonly Uplink[];
  readonly prelaunch: readonly PrelaunchJob[];
}

/** A named listener. */
export interface Bind {
  readonly name: string;
  readonly address: Address;
  /** Expect a PROXY protocol header (v1 or v2); connections without one are served too. */
  readonly proxyProtocol: boolean;
}

/** A path in the manifest. */
export interface FilePath {
  /** Absolute, resolved against the manifest's folder (as written, when that is not known). */
  readonly path: string;
  /** As it stands in the file, for messages. */
  readonly written: string;
}

/** A folder of files served before routing. */
export interface StaticDir extends FilePath {
  /** Begins with "/"; has no "/" at its end unless it is "/". */
  readonly prefix: string;
  /** Only requests of this bind; absent: of all. */
  readonly bind?: string;
}

export interface CorsCache {
  readonly enabled: boolean;
  /** For answers without Access-Control-Max-Age. */
  readonly defaultTtlMs: number;
  readonly maxEntries: number;
}

/** A limit that is absent does not exist. */
export interface RateLimiting {
  /** Requests per second over all clients. */
  readonly globalRps?: number;
  /** Requests per minute of one client address. */
  readonly perIpRpm?: number;
}

/** Which of several servers runs the prelaunch jobs. */
export interface Flagship {
  readonly enabled: boolean;
  readonly election: "static" | "postgres";
  /** Expanded, may hold a password. Present when `enabled` and `election` is "postgres". */
  readonly electionUrl?: string;
  /** Present when `enabled` and `election` is "static". */
  readonly staticFlagship?: StaticFlagship;
  /** Who shares it, and the database, never does the work at the same time. */
  readonly fleet: string;
  /** The release, expanded; absent: see the flagship's documentation on what two launches share then. */
  readonly launchId?: string;
  readonly onFlagshipLoss: "abort" | "takeover";
  /** How long escorts wait for the flagship. */
  readonly prelaunchTimeoutMs: number;
  /** How long the decision may take. */
  readonly electionTimeoutMs: number;
}

/** How a static election finds out whether this server is the flagship. */
export type StaticFlagship =
  | {
      readonly kind: "value";
      /** As in the file: "$MS_FLAGSHIP". */
      readonly written: string;
      /** What it stands for in the environment; "" when the variable is not set, which means "no". */
      readonly value: string;
    }
  | { readonly kind: "command"; readonly command: string; readonly equals: string };

/** Something outside that must be reachable before anything starts. */
export interface Uplink {
  /** Unique among uplinks; `host:port` when the file gives none. */
  readonly name: string;
  /** Expanded, may hold a password. */
  readonly url: string;
  /** Without brackets when it is an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly check: "tcp" | "http";
  readonly timeoutMs: number;
}

/** What every kind of process has. */
interface Process {
  /** Unique among ships, bays and prelaunch jobs. Safe as a file name and as a metric label. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of mothership itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Without duplicates, in the order written. */
  readonly dependsOn: readonly string[];
}

/** A job that ends before any ship or bay starts. */
export interface PrelaunchJob extends Process {
  readonly kind: "job";
}

/** What ships and bays have in common. */
interface FleetMember extends Process {
  /** Place among all ships and bays of the file, from 0: routes are tried in this order, and in their own order within one member. */
  readonly order: number;
  readonly routes: readonly Route[];
  /** Its crash ends the whole fleet. */
  readonly critical: boolean;
  /** Those of the base template first, without duplicates. */
  readonly tags: readonly string[];
}

/** A process that listens on its own address, or on none. */
export interface Ship extends FleetMember {
  readonly kind: "ship";
  /** The `web` of `[[fleet.web]]`. */
  readonly group: string;
  /** Where the ship listens. Present when there are routes or a health check. */
  readonly bind?: Address;
  /** Path, beginning with "/". */
  readonly healthcheck?: string;
  /** Runs once and ends. */
  readonly oneshot: boolean;
}

/** A process that takes WebSocket clients over one Unix socket (docking protocol). */
export interface Bay extends FleetMember {
  readonly kind: "bay";
  /** The `websocket` of `[[bays.websocket]]`; its group in metrics and filters. */
  readonly type: string;
  /** Sent to the bay when it docks. */
  readonly config: Readonly<Record<string, string>>;
}

/** Which requests go to a ship or bay. */
export interface Route {
  /** Name of the bind the request came in on. */
  readonly bind: string;
  /** Source of a pattern that `@mothership/patterns` accepts; it is matched against the path. */
  readonly pattern: string;
  /** Taken off the path before it is forwarded; begins with "/". */
  readonly stripPrefix?: string;
  /** A class of user agents, or `~` and a pattern. */
  readonly uaFilter?: string;
}

/** A WebAssembly payload on the request path. */
export interface Module {
  /** Unique among modules. */
  readonly name: string;
  readonly wasm: FilePath;
  /** Sources of patterns, matched against the path on every bind. */
  readonly routes: readonly string[];
  readonly phase: "request" | "response";
  readonly config: Readonly<Record<string, string>>;
  /** Those of the base template first, without duplicates. */
  readonly tags: readonly string[];
}
