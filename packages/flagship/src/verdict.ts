/** What the record says of one launch. Ages were measured by the database's clock when it was read. */
export interface LaunchRecord {
  readonly id: string;
  readonly launch: string;
  readonly state: "running" | "ready" | "aborted";
  /** Host and process of the flagship, for people. */
  readonly holder: string;
  /** Tells this flagship's attempt from every other. */
  readonly token: string;
  /** Why it was aborted. */
  readonly reason: string;
  /** Since its end, or since its last sign of life while it is running. */
  readonly ageMs: number;
}

/** What decides how a record is read. */
export interface ArrivalPolicy {
  /** The id of the launch is used for one deployment only. */
  readonly explicit: boolean;
  /** How long after its end a result counts for servers that arrive. */
  readonly arrivalWindowMs: number;
  readonly onFlagshipLoss: "abort" | "takeover";
  /** Token of whoever arrives: a row that bears it was begun by them, on a connection that broke before they knew. */
  readonly token: string;
}

/**
 * What a server that arrives has to do, from the latest record of its launch and whether it has got the lock.
 *
 * - join: be an escort of this record, done or not.
 * - wait: somebody else has the lock and there is nothing to join yet.
 * - begin: be the flagship of a new record.
 * - inherit: the flagship is gone without a result; go on in its place.
 * - bury: the flagship is gone without a result; put the abort on record, then be its escort.
 */
export type Verdict = "join" | "wait" | "begin" | "inherit" | "bury";

/** Decides from the record and the lock alone, so that every case can be tested. `locked`: this server has the lock. */
export function judge(record: LaunchRecord | undefined, locked: boolean, policy: ArrivalPolicy): Verdict {
  const { explicit, arrivalWindowMs, onFlagshipLoss, token } = policy;
  const fresh = record !== undefined && record.ageMs < arrivalWindowMs;
  switch (record?.state) {
    case undefined:
      return locked ? "begin" : "wait";
    case "ready":
      // Skipping the work of a new deployment is worse than repeating work that is idempotent, hence the window.
      return explicit || fresh ? "join" : locked ? "begin" : "wait";
    case "aborted":
      // An abort must not be for ever: the same release may be tried again without anybody cleaning up.
      return fresh ? "join" : locked ? "begin" : "wait";
    case "running":
      // Whoever works holds the lock, so with the lock in our hands nobody works.
      if (!locked) return "join";
      if (onFlagshipLoss === "takeover" || record.token === token) return "inherit";
      return fresh ? "bury" : "begin";
  }
}
