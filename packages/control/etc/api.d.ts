// entry: .
import { AbortOptions, MothershipError, Deps, Closable } from '@mothership/kernel';

/** One look of a probe. */
interface ProbeReport {
    /** Milliseconds since the epoch, as all times here. */
    readonly at: number;
    readonly ok: boolean;
    readonly latencyMs: number;
    /** Why it failed; "" when it passed. */
    readonly reason: string;
}
/** How one run of a unit ended. */
interface ExitReport {
    readonly at: number;
    readonly pid: number;
    readonly code: number | null;
    readonly signal: string | null;
    /** It was told to. */
    readonly requested: boolean;
    /** Why it was told to; "" when it ended by itself, absent where an older fleet answers. */
    readonly reason?: string;
    /** Its last lines. */
    readonly lines: readonly string[];
}
/** One member of the fleet as it is now. */
interface UnitSnapshot {
    readonly name: string;
    readonly kind: "ship" | "bay" | "job";
    readonly group: string;
    /** State of the process, as the supervisor names it. */
    readonly state: string;
    readonly since: number;
    /** Why it is in this state, for a person. */
    readonly reason: string;
    readonly critical: boolean;
    readonly pid?: number;
    readonly healthy: boolean;
    readonly restarts: number;
    readonly crashLoop: boolean;
    readonly rssBytes?: number;
    readonly virtualBytes?: number;
    /** `bind:pattern` of each of its routes. */
    readonly routes: readonly string[];
    /** What it waits for; empty unless it does. */
    readonly waitsFor: readonly string[];
    /** WebSocket clients, of a bay. */
    readonly clients?: number;
    /** Requests that it was given since the fleet runs; absent where no route leads to it. */
    readonly requests?: number;
}
/** A unit with its history: the answer to "why is it in this state?". */
interface UnitExplanation extends UnitSnapshot {
    readonly command: string;
    readonly dependsOn: readonly string[];
    /** Until the next start, where one is scheduled. */
    readonly delayMs?: number;
    /** Latest first. */
    readonly exits: readonly ExitReport[];
    /** Latest first, of each kind of probe. */
    readonly probes: Readonly<Record<"startup" | "ready" | "live", readonly ProbeReport[]>>;
    readonly droppedLines: number;
}
/** A thread that serves requests beside the main one. */
interface ThreadSnapshot {
    /** From 2: the main thread is 1. */
    readonly thread: number;
    /** waiting: it died, and is replaced in a moment. */
    readonly state: "starting" | "running" | "waiting";
    /** How often it died. */
    readonly lost: number;
}
/** The whole fleet as it is now. Holds no environment values and no secrets. */
interface FleetSnapshot {
    /** Of the lifecycle, lower case. */
    readonly status: string;
    readonly since: number;
    /** Number of the latest event: `watch` with `after` this misses nothing that is not in here. */
    readonly seq: number;
    readonly pid: number;
    readonly version: string;
    /** Absolute path of the manifest. */
    readonly manifest: string;
    readonly listening: readonly {
        readonly bind: string;
        readonly address: string;
    }[];
    readonly units: readonly UnitSnapshot[];
    readonly modules: readonly {
        readonly name: string;
        readonly phase: string;
    }[];
    /** Absent where the main thread serves all requests. */
    readonly threads?: readonly ThreadSnapshot[];
}
/** Something that happened. `seq` grows by one with each event of a fleet. */
type FleetEvent = {
    readonly seq: number;
    readonly at: number;
    readonly type: "status";
    readonly status: string;
    readonly reason?: string;
} | {
    readonly seq: number;
    readonly at: number;
    readonly type: "unit";
    readonly unit: UnitSnapshot;
}
/** The reader was too slow, and so many events are missing before the next one. */
 | {
    readonly seq: number;
    readonly at: number;
    readonly type: "dropped";
    readonly count: number;
};
/** One line that a unit printed. */
interface ControlLogLine {
    readonly name: string;
    readonly stream: "stdout" | "stderr";
    readonly at: number;
    readonly pid: number;
    readonly text: string;
    /** Lines lost before this one because the reader was too slow. */
    readonly dropped: number;
}
/** What a reload would do, or has done. Names of units, sorted. */
interface ReloadPlan {
    /** Are started: they are new, or were disabled. */
    readonly added: readonly string[];
    /** Are stopped: they are gone, or are disabled now. */
    readonly removed: readonly string[];
    /** Get a new process. */
    readonly replaced: readonly string[];
    /** Change without a new process. */
    readonly updated: readonly string[];
    /** Whether the edge is swapped: any of `swapped`. */
    readonly edge: boolean;
    /** What of the edge is swapped: keys of the manifest, `routes` among them. */
    readonly swapped: readonly string[];
    /** Keys of `[mothership]` that only a new start of mothership can change; a reload with any is refused. */
    readonly needsRestart: readonly string[];
    /** Keys of `[mothership]` that changed and were used up at the start: they hold from the next one on. */
    readonly nextStart: readonly string[];
}
interface LogsOptions extends AbortOptions {
    /** Units by name; all if empty. */
    readonly units?: readonly string[];
    /** Lines kept per unit to begin with. Default: all that are kept. */
    readonly tail?: number;
    /** Nothing older than this (milliseconds since the epoch). */
    readonly since?: number;
    /** Goes on with what comes, until the signal fires or the fleet ends. Default false. */
    readonly follow?: boolean;
}
/**
 * Looking at a running fleet, and steering it: in the process of the fleet, or through its control socket.
 *
 * Methods that change something resolve when it is done, and reject with `UnitUnknownError` for a name that is none. The signal ends the
 * wait, not what was asked for.
 */
interface FleetControl {
    snapshot(options?: AbortOptions): Promise<FleetSnapshot>;
    /** Events from now on, or after event `after` as far as they are kept. Ends with the fleet or the signal. */
    watch(options?: AbortOptions & {
        readonly after?: number;
    }): AsyncIterable<FleetEvent>;
    logs(options?: LogsOptions): AsyncIterable<ControlLogLine>;
    explain(unit: string, options?: AbortOptions): Promise<UnitExplanation>;
    /** Resolves when it is up, ready or, for a job, completed. */
    start(unit: string, options?: AbortOptions): Promise<void>;
    stop(unit: string, options?: AbortOptions): Promise<void>;
    restart(unit: string, options?: AbortOptions): Promise<void>;
    signal(unit: string, signal: string, options?: AbortOptions): Promise<void>;
    /** What `reload` would do with the manifest as it is on disk. */
    plan(options?: AbortOptions): Promise<ReloadPlan>;
    /** Makes the manifest on disk the one in force. Rejects, with everything as it was, when it is invalid or cannot be brought up. */
    reload(options?: AbortOptions): Promise<ReloadPlan>;
}

/**
 * The control of a fleet in another process, through its socket. Each call is a connection of its own, so there is nothing to close.
 *
 * Calls reject with {@link NotRunningError} when nothing answers, {@link UnitUnknownError}, or {@link ControlFailedError} with the fleet's reason.
 */
declare function connectControl(path: string): FleetControl;
/**
 * The pid of the fleet that answers at a control socket; "nobody" when nothing does, undefined when something answers that does not say.
 */
declare function askPid(path: string, options?: AbortOptions): Promise<number | "nobody" | undefined>;

/** No unit of the fleet has this name. */
declare class UnitUnknownError extends MothershipError {
    readonly code = "MS_UNIT_UNKNOWN";
    readonly unit: string;
    /** `known`: names that there are. A `message` that the fleet has made already is taken as it is. */
    constructor(unit: string, known: readonly string[], message?: string);
}
/** Nothing answers at the control socket. */
declare class NotRunningError extends MothershipError {
    readonly code = "MS_NOT_RUNNING";
    constructor(path: string, options?: ErrorOptions);
}
/** Another process serves this control socket. */
declare class AlreadyRunningError extends MothershipError {
    readonly code = "MS_ALREADY_RUNNING";
    /** Of the fleet that answers; undefined when it does not say. */
    readonly pid: number | undefined;
    constructor(path: string, pid: number | undefined);
}
/** The control socket cannot be made or trusted: its folder belongs to somebody else, or cannot be written. */
declare class ControlSocketError extends MothershipError {
    readonly code = "MS_CONTROL_SOCKET";
    constructor(message: string, options?: ErrorOptions);
}
/** What was asked for did not work; the fleet says why. */
declare class ControlFailedError extends MothershipError {
    readonly code = "MS_CONTROL_FAILED";
    /** The code that the fleet gave, where it gave one. */
    readonly reasonCode: string | undefined;
    /** Each mistake, where the reason is several, such as those of an invalid manifest; else empty. */
    readonly problems: readonly string[];
    constructor(message: string, reasonCode?: string, problems?: readonly string[]);
}
/** A request or an answer on the control socket is not of its contract. */
declare class ControlProtocolError extends MothershipError {
    readonly code = "MS_CONTROL_PROTOCOL";
    constructor(message: string, options?: ErrorOptions);
}

/**
 * Serves a fleet's control plane as HTTP and JSON on a Unix socket that only this user can open (mode 0600). A socket file that nobody
 * answers on is replaced; `close` removes it and ends all streams.
 *
 * @throws {AlreadyRunningError} when another process answers there; {ControlSocketError} when the socket cannot be made.
 */
declare function serveControl(control: FleetControl, path: string, deps: Deps): Promise<Closable>;

/** The environment variables that say where sockets go. */
type SocketEnvironment = Readonly<Record<string, string | undefined>>;
/** The folder of this user's control sockets: `MS_SOCKET_DIR`, else `$XDG_RUNTIME_DIR/mothership`, else one in the temporary folder. */
declare function controlFolder(env: SocketEnvironment): string;
/** What tells one fleet from another on a machine: 16 hexadecimal digits of its manifest's absolute path. */
declare function fleetId(manifest: string): string;
/** Where the fleet of this manifest (an absolute path, links resolved) is steered. */
declare function controlPath(manifest: string, env: SocketEnvironment): string;
/**
 * Makes a folder for sockets, for this user alone. In a folder that somebody else owns or may write, they could put a socket of theirs in
 * our place, and we would take orders, or hand out logs and cookies, there. A folder with the sticky bit is well: nobody can replace what is ours.
 *
 * @throws {ControlSocketError}
 */
declare function ensurePrivateFolder(folder: string): void;

export { AlreadyRunningError, ControlFailedError, ControlProtocolError, ControlSocketError, NotRunningError, UnitUnknownError, askPid, connectControl, controlFolder, controlPath, ensurePrivateFolder, fleetId, serveControl };
export type { ControlLogLine, ExitReport, FleetControl, FleetEvent, FleetSnapshot, LogsOptions, ProbeReport, ReloadPlan, SocketEnvironment, ThreadSnapshot, UnitExplanation, UnitSnapshot };
