// entry: .
import { Address, MothershipError, AbortOptions } from '@mothership/kernel';

/** Signals that may tell a process to stop. */
declare const stopSignals: readonly ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGALRM", "SIGABRT", "SIGKILL"];
type StopSignal = (typeof stopSignals)[number];

/** A path in the manifest. */
interface FilePath {
    /** Absolute, resolved against the manifest's folder (as written, when that is not known). */
    readonly path: string;
    /** As it stands in the file, for messages. */
    readonly written: string;
}
/** A file that is renamed when it is full. */
interface LogFile {
    /** Absolute (as written, when the folder is not known). */
    readonly path: string;
    readonly maxBytes: number;
    /** Renamed files that are kept. */
    readonly maxFiles: number;
    readonly compress: boolean;
}

/** A named listener. */
interface Bind {
    readonly name: string;
    readonly address: Address;
    /**
     * PROXY protocol headers (v1 or v2). `true`: read where there is one; connections without one are served too. `"required"`: from every
     * peer. `from`: from peers in these networks.
     */
    readonly proxyProtocol: boolean | "required" | {
        readonly from: readonly string[];
    };
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
interface RequestLimits {
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
interface Certificate {
    readonly cert: FilePath;
    readonly key: FilePath;
}
/** The proxy in front of the ships. */
interface ProxySettings {
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
interface UpstreamSettings {
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
    readonly retries: {
        readonly ratio: number;
        readonly min: number;
    };
    /** Absent: none. */
    readonly breaker?: Breaker;
}
/** When requests are kept away from a ship that fails. */
interface Breaker {
    readonly failureRatio: number;
    readonly minRequests: number;
    readonly windowMs: number;
    readonly openMs: number;
}
/** A line for each request that has ended. */
interface AccessLog {
    readonly to: {
        readonly kind: "stream";
        readonly stream: "stdout" | "stderr";
    } | ({
        readonly kind: "file";
    } & LogFile);
    /** Share of the requests that are written, besides those answered with 500 and more. */
    readonly sample: number;
    readonly query: "none" | "redacted" | "full";
    /** Write the JA4H fingerprint. */
    readonly ja4h: boolean;
}

/** A request is refused. */
interface Block {
    readonly action: "block";
    /** 400 to 599. */
    readonly status: number;
}
/** A request is sent elsewhere. */
interface Redirect {
    readonly action: "redirect";
    /** A path on the same host, or an http or https URL. */
    readonly location: string;
    readonly status: 301 | 302 | 303 | 307 | 308;
}
/** Which requests are refused, redirected or marked. */
interface Shields {
    /** In file order: the first that matches decides. */
    readonly rules: readonly ShieldRule[];
}
/** A rule about the requests that meet all of its conditions; without any, about all. */
type ShieldRule = ShieldConditions & ({
    readonly action: "allow" | "log";
} | Block | Redirect | {
    readonly action: "tag";
    readonly header: string;
    readonly value: string;
});
/** What a request is asked for. */
interface ShieldConditions {
    /** Unique among rules; `rule-1` and so on where the file gives none. */
    readonly name: string;
    /** Source of a pattern, matched against the path. */
    readonly path?: string;
    /** A class of user agents, or `~` and a pattern. */
    readonly ua?: string;
    /** Networks and addresses, one of which the client is in. */
    readonly cidr?: readonly string[];
    /** A JA4H fingerprint, or beginnings of its parts joined by `_`. */
    readonly ja4h?: string;
}

/**
 * A checked manifest with every default applied: plain data that can be logged as JSON, compared and sent.
 *
 * A field is optional only where the manifest may leave it out and no default exists; such a field is then absent, never `undefined`.
 * Expanded URLs (`Uplink.url`, `Flagship.electionUrl`) may hold passwords: show them only through `redact`. `Process.env` holds what stands
 * in env files: do not show it at all.
 */
interface Manifest {
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
interface MothershipSettings {
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
interface StaticDir extends FilePath {
    /** Begins with "/"; has no "/" at its end unless it is "/". */
    readonly prefix: string;
    /** Only requests of this bind; absent: of all. */
    readonly bind?: string;
}
interface CorsCache {
    readonly enabled: boolean;
    /** For answers without Access-Control-Max-Age. */
    readonly defaultTtlMs: number;
    readonly maxEntries: number;
}
/** A limit that is absent does not exist. */
interface RateLimiting {
    /** Requests per second over all clients. */
    readonly globalRps?: number;
    /** Requests per minute of one client address. */
    readonly perIpRpm?: number;
}
/** Which of several servers runs the prelaunch jobs. */
interface Flagship {
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
type StaticFlagship = {
    readonly kind: "value";
    /** As in the file: "$MS_FLAGSHIP". */
    readonly written: string;
    /** What it stands for in the environment; "" when the variable is not set, which means "no". */
    readonly value: string;
} | {
    readonly kind: "command";
    readonly command: string;
    readonly equals: string;
};
/** Something outside that must be reachable before anything starts. */
interface Uplink {
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
interface RunAs {
    /** Absent: as mothership itself. */
    readonly user?: string | number;
    /** Absent: the user's own. */
    readonly group?: string | number;
}
/** Something that has to be there first. */
interface Dependency {
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
interface RestartSettings {
    readonly when: "always" | "on-failure" | "never";
    /** After failures in a row. */
    readonly maxRestarts: number;
    readonly successExitCodes: readonly number[];
    readonly fatalExitCodes: readonly number[];
    /** So long it must run well until its failures are forgotten. */
    readonly stableMs: number;
}
/** How a process is ended. */
interface StopSettings {
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
interface CommandLine {
    readonly command: string;
    readonly args: readonly string[];
}
/** Where output goes besides the output of mothership. */
interface LogSettings {
    /** When a sink cannot take more: drop lines and count them, or make the process wait. */
    readonly onFull: "drop" | "block";
    readonly file?: LogFile;
}
/** A job that ends before any ship or bay starts. */
interface PrelaunchJob extends Process {
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
    /** It is known and not started. */
    readonly disabled: boolean;
    /** How long it may take to become ready. */
    readonly startupTimeoutMs: number;
    /** Resident memory of it and all that it started; absent: no limit. */
    readonly memoryLimitBytes?: number;
}
/** How one sees that a ship is well. */
interface Check {
    readonly probe: Probe;
    readonly initialDelayMs: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly successThreshold: number;
    readonly failureThreshold: number;
}
/** What is looked at. `log` and `notify` stand in startup checks only. */
type Probe = {
    readonly kind: "http";
    readonly address: Address;
    readonly path: string;
    readonly expectBody?: string;
} | {
    readonly kind: "connect";
    readonly address: Address;
} | ({
    readonly kind: "exec";
} & CommandLine) | {
    readonly kind: "log";
    readonly pattern: string;
} | {
    readonly kind: "notify";
};
/** A process that listens on its own address, or on none. */
interface Ship extends FleetMember {
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
interface Bay extends FleetMember {
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
interface Route {
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
interface Module {
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

/** What differs between two manifests; lists are in the order of the later one (`removed`: of the earlier one). */
interface ManifestDiff {
    /** Nothing differs that anything running would notice. */
    readonly same: boolean;
    /** Names of ships and bays. */
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** Those in both that differ in any way. */
    readonly changed: readonly string[];
    /** Those of `changed` whose process must be started anew: its command, environment, address, kind or configuration differs. */
    readonly needsRestart: readonly string[];
    /** Routes, their order, or where they lead differ: the routing is to be built anew. */
    readonly routing: boolean;
    /** The modules or their order differ. */
    readonly modules: boolean;
    /** The rules of shields differ. */
    readonly shields: boolean;
    /** Which parts of `[mothership]` differ. */
    readonly settings: readonly (keyof MothershipSettings)[];
}
/** Compares two manifests by what they mean: where things stand in the file counts only as far as it orders routes. */
declare function diffManifests(before: Manifest, after: Manifest): ManifestDiff;

/**
 * Reads "10s", "500ms", "1.5s", "1m30s" as whole milliseconds.
 * Undefined when the text is no duration, is zero, or is longer than a day.
 */
declare function parseDuration(text: string): number | undefined;

/** One mistake in a manifest: plain data, safe to log (passwords in the source are masked). */
interface ManifestIssue {
    /** As it was given to the loader. */
    readonly file: string;
    /** From 1. Absent when the mistake has no place, as for a file that cannot be read. */
    readonly line?: number;
    /** From 1, in UTF-16 units. */
    readonly column?: number;
    /** Where in the data: `fleet.web[0].command`; "" for the whole file. */
    readonly path: string;
    /** What is wrong, in one sentence without a full stop. */
    readonly message: string;
    /** What would be right: "true or false". */
    readonly expected?: string;
    /** What to do about it. */
    readonly hint?: string;
    /** The line and its neighbours, with a mark under the place. */
    readonly frame?: string;
}

/** The manifest cannot be used. Holds every mistake that was found, in the order of the file. */
declare class ManifestError extends MothershipError {
    readonly code = "MS_MANIFEST_INVALID";
    /** At least one, at most 100. */
    readonly issues: readonly ManifestIssue[];
    /** How many mistakes there are, those beyond the first 100 included. */
    readonly total: number;
    constructor(issues: readonly [ManifestIssue, ...ManifestIssue[]], total?: number, options?: ErrorOptions);
    /** All mistakes, a line each, for whoever is told by another program. */
    get problems(): readonly string[];
    /** The code frame of the first mistake; "" when it has no place. */
    get frame(): string;
}
/** A value of `--only` or `--except` matches no tag, group or name, or the filter leaves nothing. */
declare class SelectionError extends MothershipError {
    readonly code = "MS_SELECTION_EMPTY";
    /** The values that match nothing. */
    readonly unmatched: readonly string[];
    constructor(message: string, unmatched: readonly string[]);
}

/** The environment that `$NAME` is looked up in. */
type Environment = Readonly<Record<string, string | undefined>>;

/** How mistakes are shown. */
interface FormatOptions {
    /** With ANSI colours. */
    readonly color: boolean;
    /** Messages and advice are broken between words to fit so many columns; the source is not. Default: they are not either. */
    readonly columns?: number | undefined;
}
/** All mistakes for a terminal, one block each: place and message, the source, what to do; then how many there are, where there is more than one. Ends without a line feed. */
declare function formatIssues(error: ManifestError, { color, columns }: FormatOptions): string;

/** What a manifest is read with. */
interface ManifestOptions {
    /** Where `$NAME` is looked up. Default: no variables; a program passes `process.env`. */
    readonly env?: Environment | undefined;
    /** Folder of the bays' sockets, for the check of their path lengths. Default: `socketFolder(env)`. */
    readonly socketDir?: string | undefined;
}
interface ParseOptions extends ManifestOptions {
    /** Name for messages. Default: "ship-manifest.toml". */
    readonly file?: string | undefined;
    /** Absolute folder that relative paths start from. Without it they stay as written. */
    readonly folder?: string | undefined;
}
/**
 * Reads a manifest from text. No disk is touched: env files are not read, so `env` has only what the manifest itself says.
 *
 * @throws {ManifestError} with every mistake, not only the first; only where the text is not TOML, what follows goes unread.
 */
declare function parseManifest(text: string, options?: ParseOptions): Manifest;
/**
 * Where the sockets of bays are: `MS_SOCKET_DIR`, else `mothership` in `XDG_RUNTIME_DIR`, else `mothership` in the folder for temporary
 * files (`TMPDIR`, else /tmp).
 */
declare function socketFolder(env: Environment): string;

/**
 * Reads a manifest from a file, and the env files that it names. Relative paths in it start from its folder.
 *
 * @throws {ManifestError} for a file that cannot be read as well as for mistakes in it; the signal's reason when that fires first.
 */
declare function loadManifest(path: string, options?: ManifestOptions & AbortOptions): Promise<Manifest>;

/** The part of JSON Schema that the schema of the manifest uses. */
interface JsonSchema {
    readonly type?: string;
    readonly title?: string;
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
    readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
    readonly maxProperties?: number;
    readonly items?: JsonSchema;
    readonly maxItems?: number;
    readonly anyOf?: readonly JsonSchema[];
    readonly enum?: readonly string[];
    readonly pattern?: string;
    readonly minLength?: number;
    readonly maxLength?: number;
    readonly minimum?: number;
    readonly exclusiveMinimum?: number;
    readonly maximum?: number;
}

/** JSON Schema (draft 7) of `ship-manifest.toml`, as data: for editors, and what the loader itself checks against. */
declare const manifestSchema: JsonSchema;

/** Values that match a ship or bay by one of its tags, its group (the type of a bay), or its own name. */
interface Filter {
    /** Keep only what matches one of these. Absent or empty: keep all. */
    readonly only?: readonly string[] | undefined;
    /** Then leave out what matches one of these. */
    readonly except?: readonly string[] | undefined;
}
/** Something that was left out is waited for by something that was kept, which now starts without waiting. */
interface DroppedDependency {
    readonly name: string;
    readonly dependency: string;
    /** One sentence for a person. */
    readonly message: string;
}
interface Selection {
    readonly manifest: Manifest;
    readonly dropped: readonly DroppedDependency[];
}
/**
 * The manifest with only some of its ships and bays.
 *
 * Modules, prelaunch jobs and all settings stay: a filter that took a module away could open what the module guards.
 * A dependency on what was left out is dropped and reported.
 *
 * @throws {SelectionError} when a value matches nothing, since a misspelt `--except` would start what should stay off; and when
 * nothing is left.
 */
declare function selectByTags(manifest: Manifest, { only, except }: Filter): Selection;

/** Name that the `#:schema` line of `starterManifest` gives to the schema file beside the manifest. */
declare const schemaFileName = "ship-manifest.schema.json";
/**
 * The manifest that `init` writes: valid as it is, with one small web ship that runs wherever Node does.
 * Its first line lets editors find the schema, which `init` writes beside it (`manifestSchema` under `schemaFileName`).
 * Settings that are commented out have no space behind the `#`.
 */
declare const starterManifest = "#:schema ./ship-manifest.schema.json\n\n# The manifest of this fleet. Check it with \"mothership clearance\", run it with \"mothership\".\n# All keys: https://github.com/seuros/mothership/blob/main/docs/manifest.md\n\n[mothership]\n# Prometheus metrics on http://127.0.0.1:9090/metrics, liveness on /health.\n#metrics_port = 9090\n# brotli, zstd, gzip or deflate, as the client accepts.\ncompression = true\n\n# Where mothership listens. Routes name these binds.\n[mothership.bind]\nhttp = \"127.0.0.1:8080\"\n# Behind a load balancer that speaks the PROXY protocol:\n#https = { addr = \"0.0.0.0:8443\", proxy_protocol = true }\n# With TLS:\n#tls = { addr = \"0.0.0.0:9443\", cert = \"./tls/cert.pem\", key = \"./tls/key.pem\" }\n\n# Files that are served before routing; what is not found goes on to the routes.\n#[[mothership.static_dirs]]\n#path = \"./public\"\n#prefix = \"/static\"\n\n# What must be reachable before anything starts.\n#[[mothership.uplinks]]\n#name = \"database\"\n#url = \"$DATABASE_URL\"\n#timeout = \"10s\"\n\n# Runs to its end before any ship starts; a failure ends the launch.\n#[[mothership.prelaunch]]\n#name = \"migrate\"\n#command = \"npm\"\n#args = [\"run\", \"migrate\"]\n\n# Every ship inherits this: variables are merged, tags joined, everything else replaced.\n#[base.ship]\n#env = { NODE_ENV = \"production\" }\n\n# Ships are processes; \"web\" is the group of this one. Replace it by your own program.\n[[fleet.web]]\nname = \"app\"\ncommand = \"node\"\nargs = [\"-e\", '''\nrequire(\"node:http\")\n  .createServer((req, res) => res.end(\"Hello from the fleet\\n\"))\n  .listen(3000, \"127.0.0.1\");\n''']\nbind = \"tcp://127.0.0.1:3000\"\nhealthcheck = \"/\"\nroutes = [{ bind = \"http\", pattern = \"/.*\" }]\n\n# A worker: no bind, no routes; its crash does not end the fleet.\n#[[fleet.workers]]\n#name = \"worker\"\n#command = \"node\"\n#args = [\"worker.js\"]\n#depends_on = [\"app\"]\n#critical = false\n#env_file = \".env\"\n#stop_timeout = \"30s\"\n#log = { file = \"./log/worker.log\" }\n\n# Bays take many WebSocket clients over one Unix socket (docking protocol).\n#[[bays.websocket]]\n#name = \"cable\"\n#command = \"./cable\"\n#routes = [\"http:/cable\"]\n#config = { redis_url = \"redis://localhost:6379\" }\n\n# WebAssembly on the request path.\n#[[modules]]\n#name = \"auth\"\n#wasm = \"./modules/auth.wasm\"\n#routes = [\"/admin/.*\"]\n#phase = \"request\"\n";

export { ManifestError, SelectionError, diffManifests, formatIssues, loadManifest, manifestSchema, parseDuration, parseManifest, schemaFileName, selectByTags, socketFolder, starterManifest };
export type { AccessLog, Bay, Bind, Block, Breaker, Certificate, Check, CommandLine, CorsCache, Dependency, DroppedDependency, Environment, FilePath, Filter, Flagship, FleetMember, FormatOptions, JsonSchema, LogFile, LogSettings, Manifest, ManifestDiff, ManifestIssue, ManifestOptions, Module, MothershipSettings, ParseOptions, PrelaunchJob, Probe, Process, ProxySettings, RateLimiting, Redirect, RequestLimits, RestartSettings, Route, RunAs, Selection, ShieldConditions, ShieldRule, Shields, Ship, StaticDir, StaticFlagship, StopSettings, Uplink, UpstreamSettings };
