import { type Clock, systemClock } from "@mothership/kernel";

/** Two wishes that come from outside: the first asks to stop, the second to stop at once. Disposing takes the listeners away. */
export interface StopSignals extends Disposable {
  readonly stop: AbortSignal;
  readonly force: AbortSignal;
  /** An exception that nobody caught, which asks to stop like a signal; undefined as long as there was none. */
  readonly mistake: unknown;
}

/** What is told about each wish. */
export interface StopListener {
  /** A signal that has an effect came; `forced`: it was the second one. */
  received(signal: string, forced: boolean): void;
  /** A mistake of this program. It cannot be trusted any more, but must not leave processes behind either: it stops. */
  failed(error: unknown): void;
}

/** The same signal within so many milliseconds is the same wish: GNU timeout, for one, sends it to its child and to the child's group. */
const echoMs = 50;

/** How a shell, a terminal or an init system asks for the end. */
const stops: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGQUIT"];

/**
 * Listens to SIGINT, SIGTERM and SIGQUIT of this process, and to exceptions that nobody caught. `hangup`: what SIGHUP means, the end as when a
 * terminal goes away, or something else, as for a service without one.
 */
export function listenForStop(listener: StopListener, hangup: "stop" | (() => void), clock: Clock = systemClock): StopSignals {
  const names: readonly NodeJS.Signals[] = hangup === "stop" ? [...stops, "SIGHUP"] : stops;
  const stop = new AbortController();
  const force = new AbortController();
  let mistake: unknown;
  let last: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const wish = (reason: Error): void => (stop.signal.aborted ? force : stop).abort(reason);
  const onSignal = (signal: NodeJS.Signals): void => {
    const at = clock.now();
    const echo = last?.signal === signal && at - last.at < echoMs;
    last = { signal, at };
    if (force.signal.aborted || echo) return;
    listener.received(signal, stop.signal.aborted);
    wish(new Error(`${signal} was received`));
  };
  const onMistake = (error: unknown): void => {
    mistake ??= error;
    listener.failed(error);
    wish(new Error("stopping after a mistake of mothership", { cause: error }));
  };
  for (const name of names) process.on(name, onSignal);
  if (hangup !== "stop") process.on("SIGHUP", hangup);
  process.on("uncaughtException", onMistake);
  return {
    stop: stop.signal,
    force: force.signal,
    get mistake() {
      return mistake;
    },
    [Symbol.dispose]: () => {
      for (const name of names) process.removeListener(name, onSignal);
      if (hangup !== "stop") process.removeListener("SIGHUP", hangup);
      process.removeListener("uncaughtException", onMistake);
    },
  };
}
