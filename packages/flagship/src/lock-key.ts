import { createHash } from "node:crypto";

/** The names under which a fleet's election is known in a database; nothing in them changes from one deployment to the next. */
export interface LockKey {
  /** Argument of `pg_advisory_lock`: a signed 64-bit number in decimal. */
  readonly key: string;
  /** How `pg_locks` shows the key: its upper and its lower half (`objsubid` is 1). */
  readonly classid: number;
  readonly objid: number;
  /** Channel of `LISTEN` and `NOTIFY`; needs no quotes. */
  readonly channel: string;
}

/** The lock of a fleet: 64 bits of a hash of a fixed prefix and the fleet's name. */
export function lockKeyOf(fleet: string): LockKey {
  const digest = createHash("sha256").update(`mothership flagship\0${fleet}`).digest();
  return {
    key: digest.readBigInt64BE(0).toString(),
    classid: digest.readUInt32BE(0),
    objid: digest.readUInt32BE(4),
    channel: `mothership_${digest.toString("hex", 0, 16)}`,
  };
}
