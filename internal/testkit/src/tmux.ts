import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./gate.ts";

const run = promisify(execFile);

/** Why there can be no terminal for tests here; undefined when there can. */
export const noTmux: string | undefined = (() => {
  try {
    execFileSync("tmux", ["-V"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "tmux is not installed";
  }
})();

/** A shell in a terminal of its own. */
export interface Pane extends AsyncDisposable {
  /** Keys by tmux's names (`Enter`, `PPage`) or characters. */
  press(...keys: string[]): Promise<void>;
  /** All characters in one piece. */
  paste(text: string): Promise<void>;
  /** Types a command and Enter. */
  type(command: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** What is on the screen; with `codes`, its colours too. */
  screen(options?: { readonly codes?: boolean }): Promise<string>;
  /** Waits until the screen has it. */
  shows(text: string | RegExp): Promise<string>;
  /** Of the terminal: `alternate_on`, `cursor_flag`, `wrap_flag`. */
  flag(name: string): Promise<string>;
}

/** A tmux server that nobody else uses, with one terminal in it; disposing ends it with all that runs in it. */
export async function openPane({
  columns,
  rows,
  env = {},
  cwd,
}: {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the shell begins. Default: where the tests run. */
  readonly cwd?: string;
}): Promise<Pane> {
  // A socket of its own in a folder that goes with it: tmux leaves those in its own folder behind.
  const folder = mkdtempSync(join(tmpdir(), "ms-tmux-"));
  const server = ["-u", "-S", join(folder, "socket"), "-f", "/dev/null"];
  const tmux = async (...words: string[]): Promise<string> => (await run("tmux", [...server, ...words])).stdout;
  const { TMUX: _, NO_COLOR: __, ...outer } = process.env;
  await run("tmux", [...server, "new-session", "-d", "-x", String(columns), "-y", String(rows), "env PS1='$ ' sh"], {
    ...(cwd && { cwd }),
    env: { ...outer, LC_ALL: "C.UTF-8", TZ: "UTC", ...env },
  });
  const screen = ({ codes = false } = {}): Promise<string> => tmux("capture-pane", "-p", ...(codes ? ["-e"] : []));
  return {
    press: async (...keys) => void (await tmux("send-keys", ...keys)),
    paste: async (text) => {
      await tmux("set-buffer", text);
      await tmux("paste-buffer");
    },
    type: async (command) => void (await tmux("send-keys", command, "Enter")),
    resize: async (width, height) => void (await tmux("resize-window", "-x", String(width), "-y", String(height))),
    screen,
    shows: async (text) => {
      let last = "";
      const look = async (): Promise<boolean> => {
        last = await screen();
        return typeof text === "string" ? last.includes(text) : text.test(last);
      };
      await eventually(`${text} on the screen`, look).catch((error: unknown) => {
        throw new Error(`never saw ${text}; the screen is\n${last}`, { cause: error });
      });
      return last;
    },
    flag: async (name) => (await tmux("display-message", "-p", `#{${name}}`)).trim(),
    [Symbol.asyncDispose]: async () => {
      await tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
