import type { Address } from "@mothership/kernel";
import type { StopSignal } from "./stop-signals.ts";
import type { AccessLog, Bind, ProxySettings, UpstreamSettings } from "./types-edge.ts";
import type { Block, Redirect, Shields } from "./types-shields.ts";
import type { FilePath, LogFile } from "./types-values.ts";

export type * from "./types-edge.ts";
export type * from "./types-shields.ts";
export type * from "./types-values.ts";

/**
 * A checked manifest with every default applied: plain data that can be logged as JSON, compared and sent.
 *
 * A field is optional only where the manifest may leave it out and no default exists; such a field is then absent, never `undefined`.
 * Expanded URLs (`Uplink.url`, `Flagship.electionUrl`) may hold passwords: show them only through `redact`. `Process.env` holds what stands
 * in env files: do not show it at all.
 */
export interface Manifest {
  /** Absolute folder of the file: what relative paths start from and where processes run unless they say otherwise. "" for a manifest parsed from text alone. */
  readonly folder: string;
  readonly mothership: MothershipSettings;
  /** In the order in which they stand in the file, over all groups. */
  readonly ships: readonly Ship[];
  /** In the order in which they stand in the file, over all types. */
  readonly bays: readonly Bay[];
  /** In the order in which they stand in the file, which is the order in which they see a request. */
  readonly modules: readonly Module[];
  readonly shields: Shields;
}

/** The table `[mothership]`. */
export interface MothershipSettings {
  /** `[mothership.bind]`, in file order. */
  readonly binds: readonly Bind[];
  readonly proxy: ProxySettings;
  /** Absent: none. */
  readonly accessLog?: AccessLog;
  /** In file order; the longest prefix wins whatever the order. */
  readonly staticDirs: readonly StaticDir[];
  readonly compression: boolean;
  readonly corsCache: CorsCache;
  readonly rateLimiting: RateLimiting;
  /** Port of `/metrics` and `/health` on 127.0.0.1; absent: neither is served. */
  readonly metricsPort?: number;
  /** Host names, in lower case, under which that page may be asked for besides those of the loopback. */
  readonly metricsHosts: readonly string[];
  readonly flagship: Flagship;
  readonly uplinks: readonly Uplink[];
  readonly prelaunch: readonly PrelaunchJob[];
  /** Threads that serve requests; "auto": one for each processor. */
  readonly edgeThreads: "auto" | number;
  /** How long the whole fleet may take to stop before what is left is killed. */
  readonly shutdownTimeoutMs: number;
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
export interface Process {
  /** Unique among ships, bays and prelaunch jobs. Safe as a file name and as a metric label. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of mothership itself: from the env files, then from `env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Without repeats, in the order written. */
  readonly dependsOn: readonly Dependency[];
  /** Where it runs: absolute; "" when the manifest's folder is not known and it says nothing. */
  readonly cwd: string;
  readonly runAs: RunAs;
  /** `ignore`: end of input at once. `open`: an empty input that stays open until it is told to stop. */
  readonly stdin: "ignore" | "open";
  /** A terminal of its own instead of pipes. */
  readonly tty: boolean;
  readonly restart: RestartSettings;
  readonly stop: StopSettings;
  readonly log: LogSettings;
}

/** Whose rights a process has. Numbers are ids. */
export interface RunAs {
  /** Absent: as mothership itself. */
  readonly user?: string | number;
  /** Absent: the user's own. */
  readonly group?: string | number;
}

/** Something that has to be there first. */
export interface Dependency {
  /** Name of a ship or bay; of a job for jobs. */
  readonly on: string;
  /** Absent: `completed` for what runs once, `ready` for what has a check, else `started`. */
  readonly condition?: "started" | "ready" | "completed" | "log";
  /** With the condition `log`: source of a regular expression over lines of output. */
  readonly pattern?: string;
  /** What happens to the dependent when it goes down. */
  readonly onLost: "ignore" | "restart" | "stop";
}

/** When a process is started again. */
export interface RestartSettings {
  readonly when: "always" | "on-failure" | "never";
  /** After failures in a row. */
  readonly maxRestarts: number;
  readonly successExitCodes: readonly number[];
  readonly fatalExitCodes: readonly number[];
  /** So long it must run well until its failures are forgotten. */
  readonly stableMs: number;
}

/** How a process is ended. */
export interface StopSettings {
  readonly signal: StopSignal;
  /** From the signal to SIGKILL. */
  readonly graceMs: number;
  /** How long its requests may take to end before the signal. */
  readonly drainMs: number;
  /** Run in place of the signal. */
  readonly command?: CommandLine;
  /** Leave processes alone that it moved to other sessions. */
  readonly keepDetached: boolean;
}

/** A program and its arguments. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** Where output goes besides the output of mothership. */
export interface LogSettings {
  /** When a sink cannot take more: drop lines and count them, or make the process wait. */
  readonly onFull: "drop" | "block";
  readonly file?: LogFile;
}

/** A job that ends before any ship or bay starts. */
export interface PrelaunchJob extends Process {
  readonly kind: "job";
}

/** What ships and bays have in common. */
export interface FleetMember extends Process {
  /** Place among all ships and bays of the file, from 0: routes are tried in this order, and in their own order within one member. */
  readonly order: number;
  readonly routes: readonly Route[];
  /** Its crash ends the whole fleet. */
  readonly critical: boolean;
  /** Those of the base template first, without duplicates. */
  readonly tags: readonly string[];
  /** It is known and not started. */
  readonly disabled: boolean;
  /** How long it may take to become ready. */
  readonly startupTimeoutMs: number;
  /** Resident memory of it and all that it started; absent: no limit. */
  readonly memoryLimitBytes?: number;
}

/** How one sees that a ship is well. */
export interface Check {
  readonly probe: Probe;
  readonly initialDelayMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** What is looked at. `log` and `notify` stand in startup checks only. */
export type Probe =
  | { readonly kind: "http"; readonly address: Address; readonly path: string; readonly expectBody?: string }
  | { readonly kind: "connect"; readonly address: Address }
  | ({ readonly kind: "exec" } & CommandLine)
  | { readonly kind: "log"; readonly pattern: string }
  | { readonly kind: "notify" };

/** A process that listens on its own address, or on none. */
export interface Ship extends FleetMember {
  readonly kind: "ship";
  /** The `web` of `[[fleet.web]]`. */
  readonly group: string;
  /** Where the ship listens. Present when there are routes or a health check. */
  readonly bind?: Address;
  /** When it has started; absent: as `readiness` says. Thresholds do not count. */
  readonly startup?: Check;
  /** Whether it gets requests; from `readiness` or `healthcheck`. Absent for a ship with routes: whether its address takes connections. */
  readonly readiness?: Check;
  /** Whether it goes on running. */
  readonly liveness?: Check;
  /** Runs once and ends. */
  readonly oneshot: boolean;
  readonly upstream: UpstreamSettings;
}

/** A process that takes WebSocket clients over one Unix socket (docking protocol). */
export interface Bay extends FleetMember {
  readonly kind: "bay";
  /** The `websocket` of `[[bays.websocket]]`; its group in metrics and filters. */
  readonly type: string;
  /** Sent to the bay when it docks. */
  readonly config: Readonly<Record<string, string>>;
  /** WebSocket sub-protocols of a bay of version 1. */
  readonly protocols: readonly string[];
  /** What messages of a bay of version 1 become. */
  readonly cargo: "auto" | "text" | "binary";
  /** Clients stay connected over a restart although the bay does not know `reboard`. */
  readonly reboard: boolean;
  readonly maxClients: number;
  /** Origins, in lower case, whose pages may connect; absent: all. */
  readonly origins?: readonly string[];
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
  /** A JA4H fingerprint, or beginnings of its parts joined by `_`. */
  readonly ja4h?: string;
  /** Absent: the request goes to the ship or bay. */
  readonly answer?: Block | Redirect;
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
  readonly abi: "auto" | "native" | "http-wasm";
  /** Name of the export to call in place of `on_request` or `on_response`. */
  readonly entry?: string;
  /** Units for one call. */
  readonly fuel: number;
  readonly memoryBytes: number;
  /** It may read and replace bodies. */
  readonly body: boolean;
  readonly maxBodyBytes: number;
}
