import type { ReadStream, WriteStream } from "node:tty";
import blessed from "blessed";
import { NoTerminalError } from "./errors.ts";
import type { Key } from "./keys.ts";
import type { Size } from "./layout.ts";
import { type Line, paint } from "./text.ts";
import { unblock } from "./unblock.ts";

// The only file that knows blessed: its program (terminal database, keys, resizes), not its widgets. The screen widget would install
// handlers for signals and uncaught errors that end the process, which is the program's business, and counts emoji as one column.

/** Where the interface is drawn and keys come from. */
export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

export interface ScreenHandlers {
  key(key: Key): void;
  resized(size: Size): void;
  /** The terminal has gone: nobody sees anything any more. */
  hungUp(): void;
}

/** A terminal that is drawn on as a whole. */
export interface Screen {
  readonly size: Size;
  /** Shows these lines from the top; only those that changed since the last call are sent. They must be fitted. */
  draw(lines: readonly Line[]): void;
  /** Gives the terminal back as it was, at once and synchronously. May be called twice. */
  restore(): void;
}

/** The parts of blessed's program that are used; its types lack most of them. */
interface Program {
  alternateBuffer(): void;
  normalBuffer(): void;
  hideCursor(): void;
  showCursor(): void;
  on(
    event: "keypress",
    listener: (text: string | undefined, key: { readonly full?: string; readonly ctrl?: boolean; readonly meta?: boolean }) => void,
  ): void;
  on(event: "resize", listener: () => void): void;
  removeAllListeners(): void;
  destroy(): void;
}

const wrapOff = "\x1b[?7l";
const wrapOn = "\x1b[?7h";
/** What undoes everything that is done here, on a terminal like xterm: plain style, lines that wrap, a cursor, the first screen. */
export const leaveCodes = `\x1b[m${wrapOn}\x1b[?25h\x1b[?1049l`;
const clear = "\x1b[m\x1b[2J";

/** @throws {NoTerminalError} when nothing can be drawn there. */
export function checkTerminal({ input, output }: Terminal): void {
  if (!input.isTTY || !output.isTTY) throw new NoTerminalError("input and output must both be one");
  if (process.env["TERM"] === "dumb") throw new NoTerminalError('TERM is "dumb"');
}

/** Takes the terminal over: alternate screen, raw keys, no cursor. */
export function openScreen({ input, output }: Terminal, handlers: ScreenHandlers, { color }: { readonly color: boolean }): Screen {
  // blessed would draw lines with the alternate character set, which terminals in UTF-8 do not need.
  process.env["NCURSES_NO_UTF8_ACS"] ??= "1";
  const wasRaw = input.isRaw;
  // The declared type has other names for these; `Program` above is what 0.1.81 has.
  const program = blessed.program({ input, output, buffer: false }) as unknown as Program;
  const sizeNow = (): Size => ({ columns: Math.max(1, output.columns), rows: Math.max(1, output.rows) });
  let drawn: string[] = [];
  let open = true;
  let keysOfRead = 0;

  const hungUp = (): void => handlers.hungUp();
  const restore = (): void => {
    if (!open) return;
    open = false;
    // Those for errors stay: of a terminal that has gone some may still come, and there is nobody to tell.
    input.off("end", hungUp).off("close", hungUp);
    program.removeAllListeners();
    try {
      output.write(`\x1b[m${wrapOn}`);
      program.showCursor();
      program.normalBuffer();
      program.destroy();
      input.setRawMode(wasRaw);
    } catch {
      // The terminal has hung up: there is nothing left to restore.
    }
  };

  unblock(output);
  try {
    input.on("end", hungUp).on("close", hungUp).on("error", hungUp);
    output.on("error", hungUp);
    program.alternateBuffer();
    program.hideCursor();
    output.write(wrapOff + clear);
    program.on("keypress", (text, { full = "", ctrl, meta }) => {
      if (full === "return" || full === "linefeed") return;
      // All keys of one read come before the first microtask.
      if (keysOfRead++ === 0) queueMicrotask(() => (keysOfRead = 0));
      handlers.key({ name: full, text: ctrl || meta || !isTyped(text) ? "" : text, pasted: keysOfRead > 1 });
    });
    program.on("resize", () => {
      drawn = [];
      output.write(clear);
      handlers.resized(sizeNow());
    });
  } catch (error) {
    restore();
    throw error;
  }
  return {
    get size() {
      return sizeNow();
    },
    draw: (lines) => {
      // A terminal that is behind gets the next screen when it has caught up, and none of those between.
      if (!open || output.writableNeedDrain) return;
      const painted = lines.map((line) => paint(line, { color }));
      const changed = painted.flatMap((text, row) => (text === drawn[row] ? [] : [`\x1b[${row + 1};1H\x1b[2K${text}`]));
      drawn = painted;
      if (changed.length > 0) output.write(changed.join(""));
    },
    restore,
  };
}

function isTyped(text: string | undefined): text is string {
  return text !== undefined && !/[\x00-\x1f\x7f]/.test(text);
}
