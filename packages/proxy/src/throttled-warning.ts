import type { Clock, LogFields, Logger } from "@mothership/kernel";

export type Warn = (message: string, fields: LogFields) => void;

/**
 * Warnings that a peer can cause as often as it likes: at most one line in `everyMs`. The next line says how many were left out
 * (`suppressed`), so that the log shows that there were more without growing with them.
 */
export function throttledWarning(log: Logger, clock: Clock, everyMs = 1000): Warn {
  let nextAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (message, fields) => {
    const now = clock.now();
    if (now < nextAt) {
      suppressed++;
      return;
    }
    nextAt = now + everyMs;
    log.warn(message, suppressed > 0 ? { ...fields, suppressed } : fields);
    suppressed = 0;
  };
}
