/** How the shell or an init system asks for the end. */
const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Two wishes that come with signals: the first asks to stop, the second to stop at once. Disposing takes the listeners away. */
export interface StopSignals extends Disposable {
  readonly stop: AbortSignal;
  readonly force: AbortSignal;
}

/** Listens to SIGINT, SIGTERM and SIGHUP of this process. `told` hears of each one that has an effect. */
export function listenForStop(told: (signal: string, forced: boolean) => void): StopSignals {
  const stop = new AbortController();
  const force = new AbortController();
  const listener = (signal: NodeJS.Signals): void => {
    if (force.signal.aborted) return;
    const forced = stop.signal.aborted;
    told(signal, forced);
    (forced ? force : stop).abort(new Error(`${signal} was received`));
  };
  for (const name of names) process.on(name, listener);
  return {
    stop: stop.signal,
    force: force.signal,
    [Symbol.dispose]: () => {
      for (const name of names) process.removeListener(name, listener);
    },
  };
}
