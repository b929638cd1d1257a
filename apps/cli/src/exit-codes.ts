/** What the program tells the shell. Documented in the README; never renumbered. */
export const exitCodes = {
  done: 0,
  /** Something failed while running: a job, a ship, a check of the world outside. */
  failed: 1,
  /** The command line or the manifest is wrong; nothing was started. */
  usage: 2,
  /** The Node it was started with is too old (`EX_UNAVAILABLE`). Said by the launcher in `bin`. */
  unsupportedNode: 69,
} as const;
