import { styleText } from "node:util";
import { jsonLine, type LogRecord } from "./json-logger.ts";

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
  return {
    own: (record) => write(jsonLine(record)),
    ship: ({ name, stream, at, text, pid }) =>
      write(`${JSON.stringify({ time: new Date(at).toISOString(), ship: name, pid, stream, msg: text })}\n`),
  };
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
