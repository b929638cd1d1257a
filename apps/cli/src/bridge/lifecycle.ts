/** The states of a mothership, as the reference names them (lower case in logs and answers). */
export type Status =
  | "initializing"
  | "preflight"
  | "electing"
  | "prelaunch"
  | "docking"
  | "launching"
  | "running"
  | "mayday"
  | "draining"
  | "landed"
  | "failed"
  | "crashed";

/**
 * What moves it on. advance: the phase is done. fail: the phase cannot be done. stop: somebody asked for the end.
 * distress and recover: an essential process is down, and up again. crash: it will not come up. drained: nothing is left.
 */
export type Cause = "advance" | "fail" | "stop" | "distress" | "recover" | "crash" | "drained";

const table = {
  initializing: { advance: "preflight", fail: "failed", stop: "draining" },
  preflight: { advance: "electing", fail: "failed", stop: "draining" },
  electing: { advance: "prelaunch", fail: "failed", stop: "draining" },
  prelaunch: { advance: "docking", fail: "failed", stop: "draining" },
  docking: { advance: "launching", fail: "failed", stop: "draining" },
  launching: { advance: "running", fail: "failed", stop: "draining" },
  running: { distress: "mayday", crash: "crashed", stop: "draining" },
  mayday: { recover: "running", crash: "crashed", stop: "draining" },
  draining: { drained: "landed" },
  landed: {},
  failed: {},
  crashed: {},
} as const satisfies Record<Status, Partial<Record<Cause, Status>>>;

/** The status after `cause`, or undefined where the cause means nothing and is ignored. */
export function after(status: Status, cause: Cause): Status | undefined {
  const row: Partial<Record<Cause, Status>> = table[status];
  return row[cause];
}

/** How a mothership can end; it stays there. */
export type FinalStatus = Extract<Status, "landed" | "failed" | "crashed">;

export function isFinal(status: Status): status is FinalStatus {
  return Object.keys(table[status]).length === 0;
}
