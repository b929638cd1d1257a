/** Signals that may tell a process to stop. */
export const stopSignals = [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGALRM",
  "SIGABRT",
  "SIGKILL",
] as const;

export type StopSignal = (typeof stopSignals)[number];
