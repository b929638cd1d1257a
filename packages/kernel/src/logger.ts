import type { Clock } from "./clock.ts";

/** What a log line says besides its message: constant names, the same everywhere (`ship`, `bind`, `pid`, `code`, `durationMs`). */
export type LogFields = Readonly<Record<string, unknown>>;

/** error: somebody must act. warn: handled, but not normal. info: a state changed. debug: everything else. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a part reports what it decided. The message is constant English; what varies is in the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

const nothing = (): void => undefined;

/** Says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLogger };

/** What a part gets from outside: the world. Never a global, never a default made inside. */
export interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
}
