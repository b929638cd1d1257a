import type { Clock, LogFields, Logger } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import { createLogger } from "../json-logger.ts";
import type { FromThread } from "./messages.ts";

/** Lines of one thread in one second; further ones are left out, and how many is said. */
const maxPerSecond = 1000;

/** A logger whose lines the main thread writes. */
export function threadLogger(clock: Clock, post: (message: FromThread) => void): Logger {
  let second = 0;
  let lines = 0;
  const tell = (now: number): boolean => {
    if (now !== second) {
      const leftOut = lines - maxPerSecond;
      [second, lines] = [now, 0];
      if (leftOut > 0)
        post({ type: "log", level: "warn", message: "A thread had more to say than is written", fields: { lines: leftOut } });
    }
    return ++lines <= maxPerSecond;
  };
  return createLogger({
    clock,
    level: "debug",
    write: ({ level, message, fields }) => {
      if (tell(Math.floor(clock.now() / 1000))) post({ type: "log", level, message, fields: plainFields(fields) });
    },
  });
}

/** Fields as they can be sent: what is neither text nor number becomes what a log line would show. */
function plainFields(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return "code" in value ? { message: messageOf(value), code: String(value.code) } : messageOf(value);
  if (typeof value !== "object" || value === null) return typeof value === "function" || typeof value === "symbol" ? String(value) : value;
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return String(value);
  }
}
