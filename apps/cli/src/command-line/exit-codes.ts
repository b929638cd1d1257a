/** What the program tells the shell. Documented in the README; never renumbered. */
export const exitCodes = {
  done: 0,
  /** Something failed while running: a job, a ship, a check of the world outside. */
  failed: 1,
  /** The command line or the manifest is wrong; nothing was started. */
  usage: 2,
  /** A reload did not work out and was undone. */
  rolledBack: 3,
  /** A wait was given up. */
  timedOut: 4,
  unknownUnit: 5,
  notRunning: 6,
} as const;

/** What each means, for help and the man page; 69 is said by the launcher in `bin`. */
export const exitMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.done, "done; also after a stop that was asked for"],
  [exitCodes.failed, "something failed while running; after the crash of a critical ship: that ship's own code"],
  [exitCodes.usage, "the command line or the manifest is wrong; nothing was started"],
  [exitCodes.rolledBack, "a reload was undone"],
  [exitCodes.timedOut, "a wait was given up"],
  [exitCodes.unknownUnit, "there is no such unit"],
  [exitCodes.notRunning, "no fleet is running"],
  [69, "this Node is too old"],
];

/** Codes of errors that have an exit code of their own; all others are `failed`. */
const byError: Readonly<Record<string, number>> = {
  MS_USAGE: exitCodes.usage,
  MS_SELECTION_EMPTY: exitCodes.usage,
  MS_MANIFEST_INVALID: exitCodes.usage,
  MS_TUI_NO_TERMINAL: exitCodes.usage,
  MS_ROLLED_BACK: exitCodes.rolledBack,
  MS_DEADLINE: exitCodes.timedOut,
  MS_UNIT_UNKNOWN: exitCodes.unknownUnit,
  MS_NOT_RUNNING: exitCodes.notRunning,
};

/** The exit code for an error with this code. */
export function exitCodeOf(errorCode: string): number {
  return byError[errorCode] ?? exitCodes.failed;
}
