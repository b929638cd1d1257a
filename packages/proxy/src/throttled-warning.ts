import type { Clock, LogFields, Logger } from "@mothership/kernel";

export type Warn = (message: string, fields: LogFields) => void;

/** Disposing it tells at once what was left out; from then on nothing is. */
export type ThrottledWarning = Warn & Disposable;

/**
 * Warnings that a peer can cause as often as it likes: at most one line in `everyMs`. When more came, the end of that time tells the last of
 * them and how many others were left out (`suppressed`), so that the log shows that there were more without growing with them.
 */
export function throttledWarning(log: Logger, clock: Clock, everyMs = 1000): ThrottledWarning {
  let nextAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  let last: Parameters<Warn> | undefined;
  let timer: Disposable | undefined;
  let disposed = false;
  const tell = (): void => {
    timer?.[Symbol.dispose]();
    timer = undefined;
    if (!last) return;
    const [message, fields] = last;
    log.warn(message, suppressed > 0 ? { ...fields, suppressed } : fields);
    last = undefined;
    suppressed = 0;
    nextAt = clock.now() + everyMs;
  };
  const warn: Warn = (...warning) => {
    if (last) suppressed++;
    last = warning;
    const waitMs = nextAt - clock.now();
    if (disposed || waitMs <= 0) tell();
    else timer ??= clock.timer(waitMs, tell);
  };
  return Object.assign(warn, {
    [Symbol.dispose]: () => {
      disposed = true;
      tell();
    },
  });
}
