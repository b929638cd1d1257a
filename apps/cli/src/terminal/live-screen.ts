import type { ReadStream, WriteStream } from "node:tty";

/** A terminal that one text is shown on again and again, in place. Disposing gives it back as it was. */
export interface LiveScreen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  /** Shows this text from the top. A terminal that is behind is left alone: the next text is newer. */
  draw(text: string): void;
  /** Fires when the user wants to leave (q, Esc, Ctrl-C) or the terminal has gone. */
  readonly left: AbortSignal;
}

const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/**
 * Takes over a terminal: alternate screen, no cursor, keys as they come. `onResize` hears that its size has changed.
 *
 * It is given back on dispose, and when the process exits or an error is about to end it.
 */
export function openLiveScreen(input: ReadStream, output: WriteStream, onResize: () => void): LiveScreen {
  const gone = new AbortController();
  const end = (): void => gone.abort(new Error("the user left"));
  const onData = (keys: Buffer): void => {
    // Alone it is the key; at the head of a sequence it is an arrow or a mouse.
    if (keys.toString("latin1") === "\x1b" || /[qQ\x03\x04]/.test(keys.toString("latin1").replaceAll(/\x1b[[O].?/g, ""))) end();
  };
  const raw = input.isTTY;
  let open = true;
  const restore = (): void => {
    if (!open) return;
    open = false;
    output.write(leave);
    if (raw) input.setRawMode(false);
    input.pause();
  };
  // The monitor comes before the error is told, which would otherwise be told to a screen that is about to vanish.
  const moments = ["exit", "uncaughtExceptionMonitor"] as const;
  for (const moment of moments) process.once(moment, restore);
  if (raw) {
    input.setRawMode(true);
    input.on("data", onData).once("end", end).once("error", end);
  }
  output.on("resize", onResize).once("error", end);
  output.write(enter);
  return {
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
    left: gone.signal,
    draw(text) {
      if (!open || output.writableNeedDrain) return;
      const lines = text.trimEnd().split("\n").slice(0, output.rows);
      output.write(`\x1b[H${lines.map((line) => `${line}\x1b[m\x1b[K`).join("\r\n")}\x1b[J`);
    },
    [Symbol.dispose]: () => {
      restore();
      for (const moment of moments) process.removeListener(moment, restore);
      input.removeListener("data", onData).removeListener("end", end).removeListener("error", end);
      output.removeListener("resize", onResize).removeListener("error", end);
    },
  };
}
