import type { Address } from "@mothership/kernel";
import type { CheckSpec, StartupSpec } from "./probe.ts";

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
export type Dependency =
  | { readonly on: string; readonly condition?: "started" | "ready" | "completed"; readonly onLost?: OnLost }
  | { readonly on: string; readonly condition: "log"; readonly pattern: string; readonly onLost?: OnLost };

/** What happens to a running process whose dependency went down: nothing, a restart once it is back, or a stop until it is started by hand. */
export type OnLost = "ignore" | "restart" | "stop";

/** When a process that ended is started again, and when that is given up. */
export interface RestartPolicy {
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
export interface StopPolicy {
  /** Sent to the process itself first, to the rest of its family once it has gone. Default `SIGTERM`. */
  readonly signal: NodeJS.Signals;
  /** From the signal to SIGKILL for all that is left of the family. Default 10 000. */
  readonly graceMs: number;
  /** Longest wait for the `drain` hook before the signal. Default 10 000. */
  readonly drainMs: number;
  /** Run instead of the signal, with the process's own environment and folder; its pid is in `MS_STOP_PID`. */
  readonly command?: { readonly command: string; readonly args: readonly string[] };
  /** Leaves family members in other sessions alone: they are kept over a restart and a stop. Default false. */
  readonly keepDetached: boolean;
}

/** How much of the output is kept, and where. */
export interface LogPolicy {
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
export interface LogFileSpec {
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
export interface ProcessSpec {
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

/** A specification with every default in place; what the supervisor works with. */
export interface CompleteSpec {
  readonly name: string;
  readonly kind: "service" | "task";
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly user: string | number | undefined;
  readonly group: string | number | undefined;
  readonly stdin: "ignore" | "open";
  readonly tty: boolean;
  readonly disabled: boolean;
  readonly essential: boolean;
  readonly dependsOn: readonly (Dependency & { readonly onLost: OnLost })[];
  readonly replicaOf: string | undefined;
  readonly startup: StartupSpec | undefined;
  readonly ready: CheckSpec | undefined;
  readonly live: CheckSpec | undefined;
  readonly restart: RestartPolicy;
  readonly stop: StopPolicy;
  readonly log: LogPolicy;
  readonly memoryLimitBytes: number | undefined;
  readonly socketPath: string | undefined;
}

/** The one place where defaults are. */
export function withDefaults(spec: ProcessSpec): CompleteSpec {
  const kind = spec.kind ?? "service";
  return {
    name: spec.name,
    kind,
    command: spec.command,
    args: spec.args ?? [],
    env: spec.env,
    cwd: spec.cwd,
    user: spec.user,
    group: spec.group,
    stdin: spec.stdin ?? "ignore",
    tty: spec.tty ?? false,
    disabled: spec.disabled ?? false,
    essential: spec.essential ?? false,
    dependsOn: (spec.dependsOn ?? []).map((one) =>
      typeof one === "string" ? { on: one, onLost: "ignore" } : { onLost: "ignore", ...one },
    ),
    replicaOf: spec.replicaOf,
    startup: spec.startup ?? (spec.ready && { probe: spec.ready.probe }),
    ready: spec.ready,
    live: spec.live,
    restart: {
      when: kind === "task" ? "never" : "always",
      minDelayMs: 250,
      maxDelayMs: 30_000,
      jitter: 0.2,
      stableMs: 30_000,
      maxRestarts: 10,
      crashLoopFailures: 5,
      crashLoopPeriodMs: 60_000,
      successExitCodes: [0],
      fatalExitCodes: [],
      ...spec.restart,
    },
    stop: { signal: "SIGTERM", graceMs: 10_000, drainMs: 10_000, keepDetached: false, ...spec.stop },
    log: { maxLines: 1_000, maxBytes: 2 ** 20, maxLineBytes: 2 ** 16, onFull: "drop", ...spec.log },
    memoryLimitBytes: spec.memoryLimitBytes,
    socketPath: spec.socketPath,
  };
}

/** The check that "can I connect" makes of an address: what to give a process that serves there and has no check of its own. */
export function connectCheck(address: Address): CheckSpec {
  return { probe: address };
}
