// entry: .
import { Address, AbortOptions, Closable, Subscribable, Deps, MothershipError } from '@mothership/kernel';
import { Writable } from 'node:stream';

/** Looks once. Resolves: it passed. Rejects: the message says why not. It must end when the signal fires. */
type ProbeFunction = (options: {
    readonly signal: AbortSignal;
}) => Promise<void>;
/** Asks over HTTP/1.1. Passes with a status of 200 to 399; redirects are not followed. */
interface HttpProbe {
    readonly kind: "http";
    readonly address: Address;
    /** Path and query, beginning with `/`. */
    readonly path: string;
    /** Default `GET`. */
    readonly method?: string;
    /** Added to the request; `Host` is `localhost` unless given here. */
    readonly headers?: Readonly<Record<string, string>>;
    /** Must be found in the first 64 KiB of the body. */
    readonly expectBody?: string;
}
/** Runs a command with the environment, folder and user of the process. Passes with exit code 0. */
interface ExecProbe {
    readonly kind: "exec";
    readonly command: string;
    readonly args?: readonly string[];
}
/** Passes once the process printed a line that matches the regular expression. Looked at in `startup` only. */
interface LogProbe {
    readonly kind: "log";
    readonly pattern: string;
}
/**
 * Passes once the process said that it is ready: a newline on file descriptor 3 (its number is in `MS_NOTIFY_FD`), or with `ipc` the
 * message "ready" by Node's `process.send`. Looked at in `startup` only.
 */
interface NotifyProbe {
    readonly kind: "notify";
    readonly channel?: "fd" | "ipc";
}
/** One way to look at a process. An address alone passes when a connection is accepted. */
type Probe = Address | HttpProbe | ExecProbe | LogProbe | NotifyProbe | ProbeFunction;
/** A probe made again and again. */
interface CheckSpec {
    /** Of several, all must pass. */
    readonly probe: Probe | readonly Probe[];
    /** From ready (liveness: from up or ready) to the first look. Default `intervalMs`. */
    readonly initialDelayMs?: number;
    /** From the end of one look to the next, ±10 %. Default 5 000 for readiness, 10 000 for liveness. */
    readonly intervalMs?: number;
    /** A look that takes longer has failed. Default 2 000, for liveness 5 000. */
    readonly timeoutMs?: number;
    /** Passes in a row that make it good. Default 1. */
    readonly successThreshold?: number;
    /** Failures in a row that make it bad. Default 3. */
    readonly failureThreshold?: number;
    /** Liveness only: act even where the guards of this package would not. Default false. */
    readonly force?: boolean;
}
/** The check that decides when a started process is ready. */
interface StartupSpec {
    /** Of several, all must pass. */
    readonly probe: Probe | readonly Probe[];
    /** Before the first look. Default 0. */
    readonly initialDelayMs?: number;
    /** From the end of one look to the next; grows by half from 100 up to this. Default 1 000. */
    readonly intervalMs?: number;
    /** Default 2 000. */
    readonly timeoutMs?: number;
    /** Not passed so long after the start, the process counts as crashed. Default 60 000. */
    readonly limitMs?: number;
}
/** What one look gave. */
interface ProbeResult {
    /** Wall time. */
    readonly at: number;
    readonly ok: boolean;
    /** It had not ended when its time was over. */
    readonly timedOut: boolean;
    readonly latencyMs: number;
    /** Why it failed, in a few words; "" when it passed. */
    readonly reason: string;
}

/**
 * What a process waits for before it is started.
 *
 * - `started`: the target's command runs.
 * - `ready`: the target passed its startup check and its readiness check does not fail.
 * - `completed`: the target, a task, ended with success.
 * - `log`: the target printed a line that matches `pattern` since it was last started.
 *
 * Left out, it is `completed` for a task, `ready` for a target with a startup or readiness check, else `started`.
 */
type Dependency = {
    readonly on: string;
    readonly condition?: "started" | "ready" | "completed";
    readonly onLost?: OnLost;
} | {
    readonly on: string;
    readonly condition: "log";
    readonly pattern: string;
    readonly onLost?: OnLost;
};
/** What happens to a running process whose dependency went down: nothing, a restart once it is back, or a stop until it is started by hand. */
type OnLost = "ignore" | "restart" | "stop";
/** When a process that ended is started again, and when that is given up. */
interface RestartPolicy {
    /** `always`: whatever the exit code. `on-failure`: not after success. `never`: one run. Default `always`, for tasks `never`. */
    readonly when: "always" | "on-failure" | "never";
    /** Delay after the first failure; doubles with each further one. A crash right after a stable run is restarted at once. Default 250. */
    readonly minDelayMs: number;
    /** Longest delay, jitter apart. Default 30 000. */
    readonly maxDelayMs: number;
    /** Share by which a delay differs either way, 0 to 1. Default 0.2. */
    readonly jitter: number;
    /** So long a process must have been up or ready without a break to count as stable: its failures are forgotten. Default 30 000. */
    readonly stableMs: number;
    /** Restarts after failures in a row. Beyond it an essential process ends the set; another is tried on at `maxDelayMs`, shown as degraded. Default 10. */
    readonly maxRestarts: number;
    /** So many failures within `crashLoopPeriodMs`, or in a row, raise the crash loop flag. It stops nothing. Default 5. */
    readonly crashLoopFailures: number;
    /** Default 60 000. */
    readonly crashLoopPeriodMs: number;
    /** Exit codes that are a success. Default `[0]`. */
    readonly successExitCodes: readonly number[];
    /** Exit codes after which nothing is tried again. Default `[]`. */
    readonly fatalExitCodes: readonly number[];
}
/** How a process is ended. */
interface StopPolicy {
    /** Sent to the process itself first, to the rest of its family once it has gone. Default `SIGTERM`. */
    readonly signal: NodeJS.Signals;
    /** From the signal to SIGKILL for all that is left of the family. Default 10 000. */
    readonly graceMs: number;
    /** Longest wait for the `drain` hook before the signal. Default 10 000. */
    readonly drainMs: number;
    /** Run instead of the signal, with the process's own environment and folder; its pid is in `MS_STOP_PID`. */
    readonly command?: {
        readonly command: string;
        readonly args: readonly string[];
    };
    /** Leaves family members in other sessions alone: they are kept over a restart and a stop. Default false. */
    readonly keepDetached: boolean;
}
/** How much of the output is kept, and where. */
interface LogPolicy {
    /** Lines kept in memory. Default 1 000. */
    readonly maxLines: number;
    /** Bytes of text kept in memory. Default 1 MiB. */
    readonly maxBytes: number;
    /** A longer line is split; all pieces but the last are marked `continued`. Default 64 KiB. */
    readonly maxLineBytes: number;
    /** When a sink stays full: `drop` its lines after a second and count them, or `block` the process. Default `drop`. */
    readonly onFull: "drop" | "block";
    /** Also written here. Default none. */
    readonly file?: LogFileSpec;
}
/** A log file that is renamed when it is full. The space it may use is `maxBytes` × (`maxFiles` + 1), less where `compress` is on. */
interface LogFileSpec {
    /** Absolute. Rotated files are `path.1` (the latest) upwards, with `.gz` when compressed. */
    readonly path: string;
    /** Default 10 MiB. */
    readonly maxBytes?: number;
    /** Rotated files kept. Default 5. */
    readonly maxFiles?: number;
    /** Default true. */
    readonly compress?: boolean;
}
/**
 * One process to run: plain data, apart from probes that are functions.
 *
 * What is left out gets its default when the supervisor takes it over.
 */
interface ProcessSpec {
    /** Unique in the set; any text without NUL. */
    readonly name: string;
    /** `service`: meant to run on. `task`: runs once, and is complete when it ends with success. Default `service`. */
    readonly kind?: "service" | "task";
    /** A program, looked up in the PATH of `env`, or a path (relative to `cwd`). Never a shell line. */
    readonly command: string;
    readonly args?: readonly string[];
    /** The complete environment; nothing is inherited. `MS_COOKIE` is added. */
    readonly env: Readonly<Record<string, string>>;
    /** Default: the folder of this process. */
    readonly cwd?: string;
    /** Name or number to run as; needs the right to change it. The groups of the user are set up. */
    readonly user?: string | number;
    /** Name or number; default the user's own group. */
    readonly group?: string | number;
    /** `ignore`: end of file at once. `open`: an empty pipe that is closed when the process is told to stop. Default `ignore`. */
    readonly stdin?: "ignore" | "open";
    /**
     * A terminal of its own (120 columns, 40 rows) instead of pipes, for programs that print colours or line by line only there. All output is
     * `stdout`; `stdin` is the terminal, on which nobody types. Needs the package `@lydell/node-pty`; not with a `notify` probe. Default false.
     */
    readonly tty?: boolean;
    /** A disabled process is known but never started. Default false. */
    readonly disabled?: boolean;
    /** Its loss ends the set: see `essentialLost`. Default false. */
    readonly essential?: boolean;
    /** A name alone is a dependency with the default condition. */
    readonly dependsOn?: readonly (string | Dependency)[];
    /** Processes with the same word are replicas: a failing liveness check never takes down the last one that is ready. */
    readonly replicaOf?: string;
    /** Decides when a started process is ready. Default: the probe of `ready`, else none. */
    readonly startup?: StartupSpec;
    /** Decides whether a running process is ready. Default none: it stays ready once started. */
    readonly ready?: CheckSpec;
    /** A failure restarts the process. Default none. */
    readonly live?: CheckSpec;
    readonly restart?: Partial<RestartPolicy>;
    readonly stop?: Partial<StopPolicy>;
    readonly log?: Partial<LogPolicy>;
    /** The family's resident memory over three samples in a row beyond this is a graceful restart. Default none. */
    readonly memoryLimitBytes?: number;
    /**
     * The Unix socket on which it listens itself; absolute. Right before each start a socket file there that nobody answers on is removed: what an earlier
     * run left behind. Only a socket file ever is, never another file, a folder or a symbolic link, and none that somebody answers on.
     * That takes half a second at most, and the command is started whatever comes of it. Default none.
     */
    readonly socketPath?: string;
}
/** The check that "can I connect" makes of an address: what to give a process that serves there and has no check of its own. */
declare function connectCheck(address: Address): CheckSpec;

/** Why a command cannot be run. */
interface CommandIssue {
    /** Of the process. */
    readonly name: string;
    readonly command: string;
    /** ENOENT: not found. EACCES: found, but it may not be executed. ENOTDIR: the folder is not one. EPERM: not as that user or group. ENOTTY: no terminal can be had. */
    readonly code: "ENOENT" | "EACCES" | "ENOTDIR" | "EPERM" | "ENOTTY";
    /** One sentence with the fix where one is known. */
    readonly message: string;
}
type What = Pick<ProcessSpec, "name" | "command" | "env" | "args" | "tty"> & {
    readonly cwd?: string | undefined;
    readonly user?: string | number | undefined;
    readonly group?: string | number | undefined;
};
/**
 * Which of the processes cannot be run: whose user or group is none that we may change to, whose command cannot be found or executed, as the system would look them up: in the PATH of the process's own environment,
 * from its own folder. Nothing is started. Rights are those of this process, not of `user`.
 */
declare function checkCommands(specs: readonly What[]): readonly CommandIssue[];

/** One line of output of a process. */
interface LogLine {
    readonly name: string;
    readonly stream: "stdout" | "stderr";
    readonly pid: number;
    /** Counts the lines of this process from 1, over restarts. */
    readonly seq: number;
    /** Wall time. */
    readonly at: number;
    /** Without the newline; bytes that are not UTF-8 are replaced. */
    readonly text: string;
    /** The line was too long or not finished in time: the next one of this stream goes on with it. */
    readonly continued: boolean;
    /** For who follows: lines lost before this one because the reader was too slow. */
    readonly dropped: number;
}

/** The states of a process, in the order of the columns of the transition table. */
declare const processStates: readonly ["disabled", "waiting", "backoff", "starting", "up", "ready", "unready", "draining", "stopping", "sweeping", "stopped", "completed", "failed"];
/**
 * - `disabled`: known, never started.
 * - `waiting`: to be started once its dependencies allow it and a place among the starting ones is free.
 * - `backoff`: failed, started again when the delay has passed.
 * - `starting`: runs, its startup check has not passed yet.
 * - `up`: runs, and has no check that could say more.
 * - `ready`: runs, and its checks pass.
 * - `unready`: runs, and its readiness check fails.
 * - `draining`: about to be stopped, waits for the `drain` hook.
 * - `stopping`: was told to stop and still runs.
 * - `sweeping`: has ended; what is left of its family is being ended.
 * - `stopped`: does not run and is not to.
 * - `completed`: ended with success and is not started again.
 * - `failed`: ended, or could not start, and is not tried again.
 */
type ProcessState = (typeof processStates)[number];

/** What a supervisor tells. Every payload is read-only data about something that has happened. */
interface SupervisorEvents {
    /** A process entered another state; `reason` says why, for a person. */
    stateChanged: {
        readonly name: string;
        readonly from: ProcessState;
        readonly to: ProcessState;
        readonly reason: string;
    };
    /** The command of a process runs. */
    started: {
        readonly name: string;
        readonly pid: number;
        readonly incarnation: number;
    };
    /** A process could not be started at all: no such command, no permission, no memory. */
    startFailed: {
        readonly name: string;
        readonly code: string;
        readonly reason: string;
    };
    /** A process ended. `requested`: after a stop or restart from our side, so no failure. */
    exited: {
        readonly name: string;
        readonly pid: number;
        readonly incarnation: number;
        readonly code: number | null;
        readonly signal: NodeJS.Signals | null;
        readonly requested: boolean;
    };
    /** A process that failed is going to be started again. */
    restartScheduled: {
        readonly name: string;
        readonly delayMs: number;
        readonly failures: number;
    };
    /** The crash loop flag was raised or has cleared. */
    crashLoopChanged: {
        readonly name: string;
        readonly crashLoop: boolean;
    };
    /**
     * A process that served is being restarted, because it was told to, its specification changed or its memory was too large; or that is over:
     * it is back, failed, or is to stop after all. Comes before the `stateChanged` of the same moment.
     */
    restartingChanged: {
        readonly name: string;
        readonly restarting: boolean;
    };
    /** An essential process is lost for good: the set should end with `exitCode` (1 to 125 as it was, 128 + signal, else 1). */
    essentialLost: {
        readonly name: string;
        readonly exitCode: number;
        readonly reason: string;
    };
    /** Members of a family survived SIGKILL; the process is failed and is not started on top of them. */
    stuck: {
        readonly name: string;
        readonly pids: readonly number[];
    };
    /** A probe was made. `acted` is false where a guard held its consequence back. */
    probed: {
        readonly name: string;
        readonly check: "startup" | "ready" | "live";
        readonly result: ProbeResult;
        readonly acted: boolean;
    };
    /** One line of output. Many per second are possible: listeners must be quick. */
    logLine: LogLine;
    /** Lines did not reach a sink or file because it stayed full or failed. At most one event per second, process and sink. */
    linesDropped: {
        readonly name: string;
        readonly sink: string;
        readonly count: number;
        readonly reason: string;
    };
    /** Memory of a process and all that it started. */
    memorySampled: {
        readonly name: string;
        readonly rssBytes: number;
        readonly virtualBytes: number;
        readonly processes: number;
    };
}

/** What a supervisor is given from outside. */
interface SupervisorDeps extends Deps {
    /**
     * Awaited before a running process is told to stop: take it out of routing, wait for its requests. Never longer than its `drainMs`;
     * then the signal fires. A rejection is logged and the stop goes on.
     */
    readonly drain?: (name: string, options: {
        readonly signal: AbortSignal;
    }) => Promise<void>;
    /** Where every line of output goes, besides memory. */
    readonly sinks?: readonly LogSink[];
    /** Numbers from 0 up to, not including, 1; for jitter. Default `Math.random`. */
    readonly random?: () => number;
}
/** Takes lines of output, such as the terminal. */
interface LogSink {
    /** For counts and messages. */
    readonly name: string;
    /**
     * Takes one line; `bytes` is its text as it came and is only valid during the call. False: full. The line was still taken, further ones
     * should wait for `onDrain`. Must not throw.
     */
    write(line: LogLine, bytes: Buffer): boolean;
    /** Calls `run` once, when there is room again. */
    onDrain(run: () => void): void;
}
interface SupervisorOptions {
    /** Marks the processes, so that `sweepFleet` of a later run finds what this one left behind. Default: a random one. */
    readonly fleetId?: string;
    /** Processes in `starting` at once. Default the larger of 4 and twice the number of cores. */
    readonly maxStarting?: number;
    /** For `close`: what is left after this is killed. Default 25 000. */
    readonly shutdownMs?: number;
    /** Between two looks at the memory of all families; 0 for none. Default 5 000. */
    readonly memoryIntervalMs?: number;
    /** Let the system kill a process when the supervisor dies (Linux, where `setpriv` is installed). Default true. */
    readonly dieWithSupervisor?: boolean;
    /** Put each process into a control group of its own, below that of the supervisor (Linux, cgroup v2, where it may be written). Default true. */
    readonly cgroups?: boolean;
}
/** How a process ended. */
interface ExitReport {
    readonly incarnation: number;
    readonly pid: number;
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    /** Wall time. */
    readonly at: number;
    readonly requested: boolean;
    /** Why it was told to, for a person; "" when it ended by itself. */
    readonly reason: string;
    /** Its last lines of output, at most 20. */
    readonly lines: readonly string[];
}
/** A process as it is now. */
interface ProcessSnapshot {
    readonly name: string;
    readonly kind: "service" | "task";
    readonly essential: boolean;
    readonly state: ProcessState;
    /** Wall time at which it entered the state. */
    readonly since: number;
    /** Why it is in this state. */
    readonly reason: string;
    /** What it is meant to do. */
    readonly desired: "run" | "stop";
    readonly pid?: number;
    /** Counts the starts of its command. */
    readonly incarnation: number;
    /** Counts the changes of its specification. */
    readonly generation: number;
    /** Starts after the first that the supervisor made by itself or by `restart`. */
    readonly restarts: number;
    /** Failures since the last stable run. */
    readonly failures: number;
    /** It may be given work: `up` or `ready`. */
    readonly healthy: boolean;
    /** It served until it was told to end only to be started again, and is about to be back: nothing has gone wrong since, and nobody wants it to stop. */
    readonly restarting: boolean;
    readonly crashLoop: boolean;
    /** Its restart budget is spent; it is still tried. */
    readonly degraded: boolean;
    /** Dependencies that hold it back, with the reason. */
    readonly waitsFor: readonly string[];
    /** Until the next start, in `backoff`. */
    readonly delayMs?: number;
    readonly memory?: {
        readonly rssBytes: number;
        readonly virtualBytes: number;
        readonly processes: number;
    };
    /** Lines that did not reach a sink, file or follower. */
    readonly droppedLines: number;
    /** The last five, latest first. */
    readonly exits: readonly ExitReport[];
    /** The last ten of each check, latest first. */
    readonly probes: {
        readonly startup: readonly ProbeResult[];
        readonly ready: readonly ProbeResult[];
        readonly live: readonly ProbeResult[];
    };
}
/** What `apply` did. */
interface Applied {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** Restarted, because what runs has changed. */
    readonly replaced: readonly string[];
    /** Changed without a restart. */
    readonly updated: readonly string[];
}
interface StartOptions extends AbortOptions {
    /** One that is told to stop meanwhile, and what waits for it, is logged and left at that instead of rejecting. Default false. */
    readonly leaveStopped?: boolean;
}
/** A set of processes under supervision. Nothing runs before `start`; nothing is left after `close`. */
interface Supervisor extends Closable {
    readonly events: Subscribable<SupervisorEvents>;
    /** The specifications in force. */
    readonly specs: readonly ProcessSpec[];
    /**
     * Starts these, or all, with what they depend on, and forgets their failures. Resolves when each is up, ready or (task) completed.
     *
     * A process that is not essential and fails does not hold this up: it is tried on in the background, and shows in the snapshot. The signal
     * ends the wait, not the processes.
     *
     * @throws {StartFailedError} when an essential one failed for good, or one that it depends on did: it names the one that failed.
     * @throws {TaskFailedError} when the one that failed is a task.
     * @throws {SupersededError} when one of them was told to stop meanwhile.
     */
    start(names?: readonly string[], options?: StartOptions): Promise<void>;
    /**
     * Stops these, or all: each once those that depend on it, among these, are gone. Resolves when nothing of their families is left.
     * They are not started again until `start` or `restart`. The signal ends the wait, not the stop.
     *
     * @throws {StuckError} when something survived SIGKILL.
     */
    stop(names?: readonly string[], options?: AbortOptions): Promise<void>;
    /** Drains, stops and starts one. Forgets its failures. Resolves when it is ready; throws as `start` does. */
    restart(name: string, options?: AbortOptions): Promise<void>;
    /**
     * Makes these the specifications. What is gone is stopped, what is new is started, what runs differently is restarted, the rest keeps
     * its process; what was stopped by hand stays stopped. Nothing is changed when the specifications are invalid.
     *
     * @throws what `start` throws for the ones it started; they stay as they are, and applying the old specifications goes back.
     */
    apply(specs: readonly ProcessSpec[], options?: AbortOptions): Promise<Applied>;
    /** Tells that work sent to a process fails: it becomes unready at once, until its readiness check, which is made now, passes again. Without that check nothing happens. */
    suspect(name: string, reason: string): void;
    /** Sends a signal to a running process; with `family`, to all that it started too. False when it does not run. */
    signal(name: string, signal: NodeJS.Signals, options?: {
        readonly family?: boolean;
    }): boolean;
    /** One process. @throws {UnknownProcessError} */
    get(name: string): ProcessSnapshot;
    /** All, in the order of the specifications. */
    snapshot(): readonly ProcessSnapshot[];
    /**
     * The last `tail` lines (default: all that are kept), then those that come, until the signal fires, the process is removed or the
     * supervisor is closed; with `follow: false` it ends with the kept ones. A reader that is 1 MiB behind loses lines: see `LogLine.dropped`.
     */
    logs(name: string, options?: AbortOptions & {
        readonly tail?: number;
        readonly follow?: boolean;
    }): AsyncIterable<LogLine>;
    /** What ends from now on stays down: for the time in which work is finished before `close`. What is being started goes on. */
    holdStarts(): void;
    /** Opens all log files anew, after something else renamed them. */
    reopenLogFiles(): void;
}

/** The specifications do not fit together: a name twice, an unknown dependency, a cycle, a condition that cannot be met. */
declare class SpecError extends MothershipError {
    readonly code = "MS_SPEC_INVALID";
    readonly problems: readonly string[];
    constructor(problems: readonly string[]);
}
/** There is no process of this name. */
declare class UnknownProcessError extends MothershipError {
    readonly code = "MS_PROCESS_UNKNOWN";
    readonly process: string;
    constructor(name: string);
}
/** The process is disabled in its specification. */
declare class DisabledError extends MothershipError {
    readonly code = "MS_PROCESS_DISABLED";
    readonly process: string;
    constructor(name: string);
}
/** An essential process could not be brought up, or can never be because of what it depends on. */
declare class StartFailedError extends MothershipError {
    readonly code = "MS_START_FAILED";
    readonly process: string;
    readonly reason: string;
    /** Last lines of its output. */
    readonly lines: readonly string[];
    constructor(name: string, reason: string, lines: readonly string[]);
}
/** A task ended with a failure, so nothing that depends on it was started. */
declare class TaskFailedError extends MothershipError {
    readonly code = "MS_TASK_FAILED";
    readonly task: string;
    readonly reason: string;
    readonly exitCode: number | null;
    /** Last lines of its output. */
    readonly lines: readonly string[];
    constructor(task: string, reason: string, exitCode: number | null, lines: readonly string[]);
}
/** A wait for a start was overtaken by a later command. */
declare class SupersededError extends MothershipError {
    readonly code = "MS_SUPERSEDED";
    readonly process: string;
    constructor(name: string, by: string);
}
/** Members of a family are still there after SIGKILL. */
declare class StuckError extends MothershipError {
    readonly code = "MS_PROCESS_STUCK";
    readonly process: string;
    constructor(name: string);
}
/** The supervisor was closed. */
declare class SupervisorClosedError extends MothershipError {
    readonly code = "MS_SUPERVISOR_CLOSED";
    constructor();
}

interface LogFile extends LogSink {
    /** Opens the file anew: something else has renamed it. */
    reopen(): void;
    /** Writes what waits and closes the file. */
    close(): Promise<void>;
}
/**
 * Appends lines to a file, as they came, and renames it when it is full. It is opened at the first line.
 *
 * When the disk fails or is full, lines are dropped and counted; it is tried again every second and goes on by itself.
 */
declare function openLogFile(spec: LogFileSpec, { clock, log }: Deps, onDropped: (count: number, reason: string) => void): LogFile;

/** How a line is shown on a terminal. */
interface PrefixOptions {
    /** Names are padded to this many characters; longer ones are not cut. */
    readonly width: number;
    readonly color: boolean;
}
/** One line for a person: the padded name, a bar, the text, a newline. The same name always has the same colour. */
declare function renderPrefixed({ name, text }: LogLine, { width, color }: PrefixOptions): string;
/** One line for a program: a JSON object and a newline. */
declare function renderJson({ name, stream, pid, seq, at, text, continued }: LogLine): string;
/** A sink that writes to a stream, such as standard output, which stays the caller's. */
declare function streamSink(name: string, stream: Writable, render: (line: LogLine) => string): LogSink;

/**
 * Takes processes over. None is started before `start`.
 *
 * @throws {SpecError} when the specifications do not fit together.
 */
declare function openSupervisor(specs: readonly ProcessSpec[], deps: SupervisorDeps, options?: SupervisorOptions): Supervisor;

/** How much time the processes that are found are given. */
interface SweepFleetOptions extends AbortOptions {
    /** From SIGTERM to SIGKILL. Default 10 000. */
    readonly graceMs?: number;
}
/**
 * Ends every process that an earlier supervisor with this fleet id started and did not end, because it was killed. Call it before anything
 * is started or bound. Resolves with how many there were once none is left. The signal ends the grace: SIGKILL follows at once.
 *
 * Finds them by the mark in their environment and by their control group, so on Linux only; elsewhere it finds nothing.
 *
 * @throws {StuckError} when some are still there after SIGKILL.
 */
declare function sweepFleet(fleetId: string, deps: Deps, { graceMs, signal }?: SweepFleetOptions): Promise<number>;

/**
 * Runs these as tasks, each once those it depends on are complete; what does not depend on each other runs side by side.
 *
 * When one fails, or the signal fires, nothing more is started, those that run are stopped, and the promise rejects once they are gone.
 *
 * @throws {TaskFailedError} for the first that fails, with its last lines of output.
 */
declare function runTasks(specs: readonly ProcessSpec[], deps: SupervisorDeps, { signal, ...options }?: AbortOptions & Pick<SupervisorOptions, "fleetId" | "shutdownMs" | "maxStarting" | "dieWithSupervisor" | "cgroups">): Promise<void>;

export { DisabledError, SpecError, StartFailedError, StuckError, SupersededError, SupervisorClosedError, TaskFailedError, UnknownProcessError, checkCommands, connectCheck, openLogFile, openSupervisor, processStates, renderJson, renderPrefixed, runTasks, streamSink, sweepFleet };
export type { Applied, CheckSpec, CommandIssue, Dependency, ExecProbe, ExitReport, HttpProbe, LogFile, LogFileSpec, LogLine, LogPolicy, LogProbe, LogSink, NotifyProbe, OnLost, PrefixOptions, Probe, ProbeFunction, ProbeResult, ProcessSnapshot, ProcessSpec, ProcessState, RestartPolicy, StartOptions, StartupSpec, StopPolicy, Supervisor, SupervisorDeps, SupervisorEvents, SupervisorOptions, SweepFleetOptions };
