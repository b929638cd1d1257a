import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Deps, deadline } from "@mothership/kernel";
import { leaveCodes, type Terminal } from "./screen.ts";

// 1. Before the terminal is changed, a small shell starts and remembers its modes.
// 2. It reads from a pipe that only this process has the other end of, and says when it is there.
// 3. Whoever restores the terminal in good order tells it so, and it ends.
// 4. When the pipe closes without a word, this process was killed and could do nothing: the shell restores the terminal.

const script = `
saved=$(stty -g <&3) || exit 1
echo ready
read -r word
[ "$word" = done ] && exit 0
stty "$saved" <&3
printf '%bthe terminal user interface was killed; press Enter\\r\\n' "$1" >&4
`;

/** How long the shell may take to start; without it the terminal is used all the same. */
const startMs = 1000;

/** Restores the terminal when this process is killed with SIGKILL. */
export interface Guard {
  /** The terminal is restored in good order, so there is nothing to guard. Synchronous; may be called twice. */
  dismiss(): void;
  /** Resolves when the process of the guard has ended, after `dismiss`. */
  ended(): Promise<void>;
}

/** Starts the guard; the terminal must not have been changed yet. Where there can be none the log says so, and the result does nothing. */
export async function openGuard({ input, output }: Terminal, { clock, log }: Deps): Promise<Guard> {
  // A session of its own: what the terminal sends to its foreground processes (SIGINT, SIGHUP) must not end it before us.
  const child = spawn("/bin/sh", ["-c", script, "sh", leaveCodes.replaceAll("\x1b", "\\033")], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore", input, output],
  });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("a child with pipes has none");
  const ended = new Promise<void>((resolve) => {
    child.once("exit", resolve).once("error", () => resolve());
  });
  // It has ended by itself; `ended` says so.
  stdin.on("error", () => undefined);
  const dismiss = (): void => {
    if (stdin.writable) stdin.end("done\n");
  };
  using limit = deadline("starting the guard of the terminal", startMs, clock);
  try {
    // A shell that cannot start, or finds no terminal, closes its output instead.
    const [said] = await Promise.race([once(stdout, "data", { signal: limit.signal }), once(stdout, "close", { signal: limit.signal })]);
    if (!(said instanceof Uint8Array)) throw new Error("its shell ended at once");
  } catch (error) {
    log.warn("nothing would restore the terminal if this process were killed", { error });
    dismiss();
  }
  stdout.destroy();
  child.unref();
  return {
    dismiss,
    ended: () => {
      child.ref();
      return ended;
    },
  };
}
