import type { LogFields, Logger, LogLevel } from "@mothership/kernel";

export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

export interface Recorder extends Logger {
  readonly lines: readonly Line[];
}

/** A logger that keeps what it is told. */
export function recorder(): Recorder {
  const lines: Line[] = [];
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields });
  const log: Recorder = { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), child: () => log };
  return log;
}
