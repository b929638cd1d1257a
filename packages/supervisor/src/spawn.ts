import type { ChildProcess, SpawnOptions } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { messageOf } from "@mothership/kernel";
import { findCommand } from "./command.ts";
import { cookieName } from "./cookie.ts";
import { findPty, hidingTerminals, isForeignTerminalOpen, spawnOnTerminal } from "./pty.ts";
import { findIdentity } from "./user.ts";

/** A command to start. */
export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly user: string | number | undefined;
  readonly group: string | number | undefined;
  readonly stdin: "ignore" | "open";
  /** A terminal instead of pipes. */
  readonly tty: boolean;
  /** A channel on which the process says that it is ready. */
  readonly notify: "fd" | "ipc" | undefined;
  readonly cookie: string;
  /** Let the system kill it when this process dies, where that can be had. */
  readonly dieWithSupervisor: boolean;
}

/** A command that did not start. */
export interface SpawnProblem {
  /** Of the system, such as ENOENT; EUSER for an unknown user or group; ENOTTY where a terminal cannot be had, or must not now. */
  readonly code: string;
  readonly reason: string;
  /** Trying again would give the same. */
  readonly permanent: boolean;
}

/**
 * Starts a command in a session and process group of its own, with pipes for its output.
 *
 * It is the only place that starts processes to be supervised. It holds the event loop while the system makes the process.
 */
export function launch(what: Launch): ChildProcess | SpawnProblem | Promise<SpawnProblem> {
  const found = findCommand(what);
  if (typeof found !== "string") return { code: found.code, reason: found.message, permanent: true };
  const pty = what.tty ? findPty() : undefined;
  if (typeof pty === "string") return { code: "ENOTTY", reason: `"${what.name}" cannot run: ${pty}`, permanent: true };
  const identity = what.user === undefined && what.group === undefined ? undefined : findIdentity(what.user, what.group);
  if (typeof identity === "string") return { code: "EUSER", reason: `"${what.name}" cannot run: ${identity}`, permanent: true };
  const owner = identity?.uid ?? process.getuid?.() ?? 0;
  if (pty && isForeignTerminalOpen(owner)) {
    const reason = `"${what.name}" cannot have a terminal while another user's is open: it could read and type there`;
    return { code: "ENOTTY", reason, permanent: false };
  }

  // The cookie is first, so that a look at an environment finds it at the front.
  const env: Record<string, string> = { [cookieName]: what.cookie, ...(what.notify === "fd" && { MS_NOTIFY_FD: "3" }), ...what.env };
  env[cookieName] = what.cookie;

  const stdio = [what.stdin === "open" ? "pipe" : "ignore", "pipe", "pipe", ...notifyStdio(what.notify)] as const;
  const options: SpawnOptions = {
    env,
    detached: true,
    stdio: [...stdio, ...hidingTerminals(stdio.length)],
    ...(what.cwd === undefined ? {} : { cwd: what.cwd }),
  };
  const prefix: string[] = [];
  const setpriv = what.dieWithSupervisor || identity?.known ? findSetpriv() : undefined;
  if (setpriv) {
    if (what.dieWithSupervisor) prefix.push("--pdeathsig", "KILL");
    if (identity) prefix.push(`--reuid=${identity.uid}`, `--regid=${identity.gid}`, identity.known ? "--init-groups" : "--clear-groups");
  } else if (identity) {
    options.uid = identity.uid;
    options.gid = identity.gid;
  }
  const [file, args] = setpriv ? [setpriv, [...prefix, "--", what.command, ...what.args]] : [what.command, [...what.args]];
  let child: ChildProcess;
  try {
    const { uid, gid } = options;
    const onTerminal = { file: setpriv ?? found, args, env, cwd: what.cwd, owner, ...(uid !== undefined && { uid, gid }) };
    child = pty ? spawnOnTerminal(pty, onTerminal) : spawn(file, args, options);
  } catch (error) {
    return problemOf(what, error);
  }
  if (child.pid !== undefined) return child;
  // Node tells later why there is no process.
  return new Promise((resolve) => child.once("error", (error) => resolve(problemOf(what, error))));
}

/** True when this is a process rather than why there is none. */
export function isStarted(result: ChildProcess | SpawnProblem | Promise<SpawnProblem>): result is ChildProcess {
  return "pid" in result;
}

function problemOf({ name, command }: Launch, error: unknown): SpawnProblem {
  const code = error instanceof Error && "code" in error ? String(error.code) : "ESPAWN";
  return { code, reason: `"${name}" could not run "${command}": ${messageOf(error)}`, permanent: code === "ENOENT" || code === "EACCES" };
}

function notifyStdio(notify: Launch["notify"]): ("pipe" | "ipc")[] {
  if (notify === undefined) return [];
  return [notify === "fd" ? "pipe" : "ipc"];
}

let knownSetpriv: string | undefined | null = null;

/** The `setpriv` of util-linux, if it is there and may do what it is for. Busybox has one that cannot. Looked for once. */
export function findSetpriv(): string | undefined {
  if (knownSetpriv !== null) return knownSetpriv;
  knownSetpriv = undefined;
  const folders = process.platform === "linux" ? `${process.env["PATH"] ?? ""}:/usr/bin:/bin` : "";
  const found = findCommand({ name: "setpriv", command: "setpriv", env: { PATH: folders } });
  if (typeof found === "string") {
    const tried = spawnSync(found, ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", ":"], { stdio: "ignore", timeout: 5_000 });
    if (tried.status === 0) knownSetpriv = found;
  }
  return knownSetpriv;
}
