import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { Readable } from "node:stream";
import { signalMember } from "./family.ts";
import { startTicksOf } from "./process-table.ts";

/** What is used of node-pty. */
interface Pty {
  readonly pid: number;
  /** Of the master side. */
  readonly fd: number;
  onData(listener: (data: Buffer) => void): void;
  onExit(listener: (event: { readonly exitCode: number; readonly signal?: number }) => void): void;
  on(event: "error", listener: () => void): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

interface PtyModule {
  spawn(file: string, args: string[], options: object): Pty;
}

/** Size of every terminal; nobody looks at it, but programs break their lines by it. */
export const terminalSize = { cols: 120, rows: 40 } as const;
/** What was read and is not yet asked for. Node-pty closes the terminal soon after its process has ended; what is here by then is not lost. */
const heldBytes = 2 ** 20;

let known: PtyModule | string | undefined;

/** node-pty, or why it is not there: it is an optional dependency, and has no binary for some systems. Looked for when first needed. */
export function findPty(): PtyModule | string {
  if (known !== undefined) return known;
  try {
    known = createRequire(import.meta.url)("@lydell/node-pty") as PtyModule;
  } catch {
    known = 'a terminal (tty) needs the package "@lydell/node-pty", which is not installed or has no binary for this system';
  }
  return known;
}

/** Master sides of the terminals that are open, each with the user of its process. node-pty leaves them to be inherited. */
const masters = new Map<number, number>();
let nothing: number | undefined;

/**
 * Entries of `stdio` from index `from` on that hide the terminals of others from a new process: who holds the other side could read and
 * type there, and would keep it open.
 */
export function hidingTerminals(from: number): ("ignore" | number)[] {
  const last = Math.max(-1, ...masters.keys());
  if (last < from) return [];
  nothing ??= openSync("/dev/null", "r");
  const covered = nothing;
  return Array.from({ length: last - from + 1 }, (_, at) => (masters.has(from + at) ? covered : "ignore"));
}

/**
 * True while a terminal of another user is open. A process on a terminal cannot be kept from inheriting it, and could read and type there
 * with rights that its user has not got, so it must not be started.
 */
export function isForeignTerminalOpen(uid: number): boolean {
  return [...masters.values()].some((owner) => owner !== uid);
}

export interface PtyLaunch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Who the process is going to be, whoever starts it. */
  readonly owner: number;
  readonly uid?: number;
  readonly gid?: number | undefined;
}

/**
 * Starts a command in a session of its own on a terminal of its own, which is its input and both its outputs. The result behaves as a child
 * process with one output does; `exit` comes when its output has been read, at the latest 200 ms after the process ended. `cut` says
 * before it that there may have been more.
 *
 * @throws what the system says.
 */
export function spawnOnTerminal({ spawn }: PtyModule, { file, args, env, owner, ...rest }: PtyLaunch): ChildProcess {
  const name = env["TERM"] ?? "xterm-256color";
  const pty = spawn(file, [...args], { name, ...terminalSize, ...rest, cwd: rest.cwd ?? process.cwd(), env, encoding: null });
  return new TerminalProcess(pty, owner) as unknown as ChildProcess; // it has what is used of one
}

class TerminalProcess extends EventEmitter {
  readonly pid: number;
  readonly stdin = null;
  readonly stderr = null;
  readonly stdio = [];
  readonly stdout: Readable;
  // The process is waited for on another thread, so its number may be somebody else's before we hear of its end.
  readonly #startTicks: number;
  #ended = false;
  #held = false;

  constructor(pty: Pty, owner: number) {
    super();
    this.pid = pty.pid;
    this.#startTicks = startTicksOf(pty.pid);
    const { fd } = pty;
    masters.set(fd, owner);
    this.stdout = new Readable({
      highWaterMark: heldBytes,
      read: () => {
        this.#held = false;
        pty.resume();
      },
      destroy: (error, done) => {
        if (!this.#ended) pty.destroy();
        done(error);
      },
    });
    pty.onData((data) => {
      if (this.stdout.push(data)) return;
      this.#held = true;
      pty.pause();
    });
    pty.on("error", () => undefined); // the terminal is gone; the end of the process follows
    pty.onExit(({ exitCode, signal }) => {
      this.#ended = true;
      masters.delete(fd);
      if (masters.size === 0 && nothing !== undefined) {
        closeSync(nothing);
        nothing = undefined;
      }
      if (this.#held) this.emit("cut");
      this.stdout.push(null);
      this.emit("exit", signal ? null : exitCode, signal ? signalNamed(signal) : null);
    });
  }

  kill(signal: NodeJS.Signals): boolean {
    return !this.#ended && signalMember({ pid: this.pid, startTicks: this.#startTicks }, signal);
  }
}

function signalNamed(number: number): NodeJS.Signals {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  // What has no name cannot be told from being killed.
  return (found?.[0] ?? "SIGKILL") as NodeJS.Signals;
}
