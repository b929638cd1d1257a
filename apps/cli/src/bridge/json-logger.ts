import { type Clock, type LogFields, type Logger, type LogLevel, messageOf, redact } from "@mothership/kernel";
import { inOwnTerms } from "./terms.ts";

/** One log line before it is written. */
export interface LogRecord {
  readonly time: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface LogOptions {
  readonly clock: Clock;
  /** Lines below this level are not made. */
  readonly level?: LogLevel;
  /** Takes each record; `jsonLine` turns one into text. */
  readonly write: (record: LogRecord) => void;
}

const weight = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<LogLevel, number>;

/** A logger that hands every record of at least `level` to `write`, with the fields of all its parents and in the program's own terms. */
export function createLogger({ clock, level = "info", write }: LogOptions): Logger {
  const least = weight[level];
  const make = (inherited: LogFields): Logger => {
    const at = (own: LogLevel) => (message: string, fields?: LogFields) => {
      if (weight[own] >= least)
        write({ time: clock.wallTime(), level: own, message: inOwnTerms(message), fields: { ...inherited, ...fields } });
    };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      child: (fields) => make({ ...inherited, ...fields }),
    };
  };
  return make({});
}

/** One record as one line of JSON with a line feed. Errors become their message and code, and no URL shows its password. */
export function jsonLine({ time, level, message, fields }: LogRecord): string {
  return `${JSON.stringify({ time: new Date(time).toISOString(), level, message, ...fields }, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return "code" in value ? { message: redact(messageOf(value)), code: value.code } : redact(messageOf(value));
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" ? redact(value) : value;
}
