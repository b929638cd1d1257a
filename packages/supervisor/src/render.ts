import type { Writable } from "node:stream";
import type { LogSink } from "./contract.ts";
import type { LogLine } from "./lines.ts";

/** How a line is shown on a terminal. */
export interface PrefixOptions {
  /** Names are padded to this many characters; longer ones are not cut. */
  readonly width: number;
  readonly color: boolean;
}

// Told apart on dark and light backgrounds; red is left for what is wrong.
const colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** One line for a person: the padded name, a bar, the text, a newline. The same name always has the same colour. */
export function renderPrefixed({ name, text }: LogLine, { width, color }: PrefixOptions): string {
  const label = name.padEnd(width);
  if (!color) return `${label} | ${text}\n`;
  return `\u001b[${colors[hash(name) % colors.length]}m${label} |\u001b[0m ${text}\n`;
}

/** One line for a program: a JSON object and a newline. */
export function renderJson({ name, stream, pid, seq, at, text, continued }: LogLine): string {
  // Put together by hand: with an object made for each line this costs three times as much.
  const head = `{"ts":"${timeText(at)}","ship":${JSON.stringify(name)},"pid":${pid},"stream":"${stream}","seq":${seq}`;
  return `${head},"msg":${JSON.stringify(text)}${continued ? ',"continued":true' : ""}}\n`;
}

let lastTime = Number.NaN;
let lastTimeText = "";

/** A wall time as ISO 8601. Lines that come together have the same. */
function timeText(at: number): string {
  if (at !== lastTime) {
    lastTimeText = new Date(at).toISOString();
    lastTime = at;
  }
  return lastTimeText;
}

/** A sink that writes to a stream, such as standard output, which stays the caller's. */
export function streamSink(name: string, stream: Writable, render: (line: LogLine) => string): LogSink {
  // One listener for all who wait: there may be as many as there are processes.
  let waiting: (() => void)[] = [];
  return {
    name,
    write: (line) => stream.write(render(line)),
    onDrain: (run) => {
      if (waiting.push(run) > 1) return;
      stream.once("drain", () => {
        const now = waiting;
        waiting = [];
        for (const one of now) one();
      });
    },
  };
}

function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (value * 31 + character.codePointAt(0)!) >>> 0;
  return value;
}
