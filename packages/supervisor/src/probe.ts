import type { Address } from "@mothership/kernel";

/** Looks once. Resolves: it passed. Rejects: the message says why not. It must end when the signal fires. */
export type ProbeFunction = (options: { readonly signal: AbortSignal }) => Promise<void>;

/** Asks over HTTP/1.1. Passes with a status of 200 to 399; redirects are not followed. */
export interface HttpProbe {
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
export interface ExecProbe {
  readonly kind: "exec";
  readonly command: string;
  readonly args?: readonly string[];
}

/** Passes once the process printed a line that matches the regular expression. Looked at in `startup` only. */
export interface LogProbe {
  readonly kind: "log";
  readonly pattern: string;
}

/**
 * Passes once the process said that it is ready: a newline on file descriptor 3 (its number is in `MS_NOTIFY_FD`), or with `ipc` the
 * message "ready" by Node's `process.send`. Looked at in `startup` only.
 */
export interface NotifyProbe {
  readonly kind: "notify";
  readonly channel?: "fd" | "ipc";
}

/** One way to look at a process. An address alone passes when a connection is accepted. */
export type Probe = Address | HttpProbe | ExecProbe | LogProbe | NotifyProbe | ProbeFunction;

/** A probe made again and again. */
export interface CheckSpec {
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
export interface StartupSpec {
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
export interface ProbeResult {
  /** Wall time. */
  readonly at: number;
  readonly ok: boolean;
  /** It had not ended when its time was over. */
  readonly timedOut: boolean;
  readonly latencyMs: number;
  /** Why it failed, in a few words; "" when it passed. */
  readonly reason: string;
}
