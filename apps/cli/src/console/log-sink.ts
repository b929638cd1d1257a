import type { Writable } from "node:stream";
import { styleText } from "node:util";
import { hasCode, messageOf } from "@mothership/kernel";
import type { LogSink as ProcessSink } from "@mothership/supervisor";
import { jsonLine, type LogRecord } from "../bridge/json-logger.ts";

/** Where the program's own lines and the ships' lines meet: one stream, one form. */
export interface LogSink {
  /** A record of the program itself. */
  own(record: LogRecord): void;
  /** One line of a ship. */
  ship(line: ShipLine): void;
}

export interface ShipLine {
  readonly name: string;
  readonly stream: "stdout" | "stderr";
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly pid?: number | undefined;
}

/** One JSON object per line, for machines. Lines of ships carry `ship`, `stream` and `msg`. */
export function jsonSink(write: (text: string) => void): LogSink {
  // Put together by hand, for a flood of lines: what comes before the text is the same for many in a row.
  let last: ShipLine | undefined;
  let time = "";
  let who = "";
  return {
    own: (record) => write(jsonLine(record)),
    ship(line) {
      if (line.at !== last?.at) time = `{"time":"${new Date(line.at).toISOString()}",`;
      if (line.pid !== last?.pid || line.name !== last?.name || line.stream !== last.stream) who = whoOf(line);
      last = line;
      write(`${time}${who}${JSON.stringify(line.text)}}\n`);
    },
  };
}

/** The part of a line that says who printed it, up to its text. */
function whoOf({ name, pid, stream }: ShipLine): string {
  return `${JSON.stringify({ ship: name, pid, stream }).slice(1, -1)},"msg":`;
}

/** Text for people: the ship's name in its colour before each line, the program's own lines beside them. */
export function prettySink(
  write: (text: string) => void,
  options: { readonly names: readonly string[]; readonly color: boolean },
): LogSink {
  const width = Math.min(20, Math.max("mothership".length, ...options.names.map((name) => name.length)));
  const colors = ["cyan", "magenta", "blue", "green", "yellow", "cyanBright", "magentaBright", "blueBright"] as const;
  const colorOf = new Map(options.names.map((name, at) => [name, colors[at % colors.length] ?? "cyan"]));
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  const label = (name: string): string => name.slice(0, width).padEnd(width);
  return {
    own(record) {
      const { level, message, fields } = forPeople(record);
      const detail = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => paint("dim", `${key}=`) + plain(value));
      const style = levelStyles[level];
      const words = style === undefined ? message : paint(style, message);
      write(`${paint("bold", label("mothership"))} ${paint("dim", "|")} ${[words, ...detail].join(" ")}\n`);
    },
    ship: ({ name, stream, text }) =>
      write(`${paint(colorOf.get(name) ?? "cyan", label(name))} ${paint(stream === "stderr" ? "red" : "dim", "|")} ${printable(text)}\n`),
  };
}

/** What the supervisor gives its lines to: they share `stream` with the program's own, and wait when its reader is slow. */
export function processSink(name: string, sink: LogSink, stream: Writable): ProcessSink {
  const gone = new Error("nobody reads it any more");
  let waiting: (() => void)[] = [];
  const goOn = (): void => {
    const now = waiting;
    waiting = [];
    for (const run of now) run();
  };
  // One listener for all processes. A reader that has gone for good leaves none of them waiting. Standard output is never destroyed,
  // whatever becomes of its reader: it only fails, with each write anew.
  let left = false;
  stream.on("drain", goOn).on("close", goOn);
  stream.on("error", (error) => {
    left ||= hasCode(error, "EPIPE");
    goOn();
  });
  return {
    name,
    write(line) {
      // The supervisor counts what a sink throws at as lost.
      if (left || stream.destroyed) throw gone;
      sink.ship(line);
      return !stream.writableNeedDrain;
    },
    onDrain: (run) => void waiting.push(run),
  };
}

/** Says once for each reason that output is lost, on the other stream. */
export function tellOfLostOutput(stream: Writable, err: (text: string) => void): void {
  const told = new Set<string>();
  stream.on("error", (error: NodeJS.ErrnoException) => {
    const { code = "" } = error;
    if (told.has(code)) return;
    told.add(code);
    err(`mothership: its output is lost: ${code === "EPIPE" ? "nobody reads it any more" : messageOf(error)}\n`);
  });
}

const levelStyles = { debug: "dim", info: undefined, warn: "yellow", error: "red" } as const;

/** A record as a sentence where the fields alone would be a riddle: a change of status says where it went and why. */
function forPeople(record: LogRecord): LogRecord {
  const { status, from: _, reason, ...rest } = record.fields;
  if (record.message !== "Status changed" || typeof status !== "string") return record;
  return { ...record, message: typeof reason === "string" ? `${status}: ${printable(reason)}` : status, fields: rest };
}

function plain(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return printable(/^[^\s"]+$/.test(text) ? text : JSON.stringify(value));
}

/** Colours of a ship's own output stay; what would move the cursor, clear the screen or ring the bell does not reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(
    /\x1b\[[\d;]*m|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f\x80-\x9f]/g,
    (found) => (/^\x1b\[[\d;]*m$/.test(found) ? found : ""),
  );
}
