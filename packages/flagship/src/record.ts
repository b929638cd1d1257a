import type { AbortOptions } from "@mothership/kernel";
import { ElectionDatabaseError, ElectionForbiddenError } from "./errors.ts";
import type { Launch } from "./launch.ts";
import type { LockKey } from "./lock-key.ts";
import type { Row, Session } from "./session.ts";
import type { LaunchRecord } from "./verdict.ts";

// The record beside the lock: one row per attempt of a launch, and every statement about it. Who holds the lock of a fleet may
// write the fleet's rows; anybody reads. A row that is "running" while the lock is free has a flagship that was lost.

/** Advisory lock under which the table is made; the same for all fleets of a database. */
const setupKey = "5568227340719112581";
/** A new row included; older ones of its fleet are deleted. */
const keptRows = 500;
const maxReasonLength = 500;

const columns = `id::text, launch, state, holder, token, coalesce(reason, '') AS reason,
  (extract(epoch FROM clock_timestamp() - coalesce(finished_at, beat_at)) * 1000)::float8 AS age_ms`;

const rights = `SELECT n.oid IS NOT NULL AS has_schema, c.oid IS NOT NULL AS has_table,
  coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS may_use,
  coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS may_create,
  has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
  coalesce(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
    AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'), false) AS may_write,
  quote_ident(current_database()) AS database, quote_ident(current_user) AS role, pg_is_in_recovery() AS standby
  FROM (VALUES (1)) AS one
  LEFT JOIN pg_namespace n ON n.nspname = 'mothership_flagship'
  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'launches'`;

const setup = (hasSchema: boolean): readonly string[] => [
  "BEGIN",
  `SELECT pg_advisory_xact_lock(${setupKey})`,
  // Even where it exists this needs the right to create one.
  ...(hasSchema ? [] : ["CREATE SCHEMA IF NOT EXISTS mothership_flagship"]),
  `CREATE TABLE IF NOT EXISTS mothership_flagship.launches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fleet text NOT NULL,
    launch text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'ready', 'aborted')),
    holder text NOT NULL,
    token text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz NOT NULL,
    finished_at timestamptz,
    reason text
  )`,
  "CREATE INDEX IF NOT EXISTS launches_by_fleet ON mothership_flagship.launches (fleet, launch, id)",
  "COMMIT",
];

/** Whose rows, and the session that reads and writes them. */
export interface Ledger {
  readonly session: Session;
  /** Process that serves the session: a statement in any other has been led astray by a pooler, and must change nothing. */
  readonly pid: number;
  readonly fleet: string;
  readonly launch: Launch;
  readonly lock: LockKey;
}

/** Who works: shown to people, and told apart from every other attempt by the token. */
export interface Holder {
  readonly name: string;
  readonly token: string;
}

/**
 * Makes the schema and table if they are not there.
 *
 * @throws {ElectionForbiddenError} naming the GRANT that is missing; {@link ElectionDatabaseError} on a standby.
 */
export async function prepareTable(session: Session, options: AbortOptions): Promise<void> {
  const [row] = await session.query(rights, [], options);
  if (row?.["standby"] === true) throw new ElectionDatabaseError(session.target, "is a read-only standby; the election needs the primary");
  const missing = missingGrants(row ?? {});
  if (missing.length > 0) throw new ElectionForbiddenError(session.target, missing);
  if (row?.["has_table"] === true) return;
  for (const statement of setup(row?.["has_schema"] === true)) await session.query(statement, [], options);
}

function missingGrants(row: Row): string[] {
  const { role, database } = { role: String(row["role"]), database: String(row["database"]) };
  const schema = "ON SCHEMA mothership_flagship";
  if (row["has_schema"] !== true) return row["may_create_schema"] === true ? [] : [`GRANT CREATE ON DATABASE ${database} TO ${role};`];
  if (row["has_table"] !== true) {
    return row["may_create"] === true && row["may_use"] === true ? [] : [`GRANT USAGE, CREATE ${schema} TO ${role};`];
  }
  return [
    ...(row["may_use"] === true ? [] : [`GRANT USAGE ${schema} TO ${role};`]),
    ...(row["may_write"] === true ? [] : [`GRANT SELECT, INSERT, UPDATE, DELETE ON mothership_flagship.launches TO ${role};`]),
  ];
}

/** Takes the lock of the fleet for this session, if it is free. It is never waited for: the caller has to notice other things meanwhile. */
export async function tryLock({ session, lock }: Ledger, options: AbortOptions): Promise<boolean> {
  const [row] = await session.query("SELECT pg_try_advisory_lock($1::bigint) AS locked", [lock.key], options);
  return row?.["locked"] === true;
}

/** Gives the lock up and wakes whoever waits for it. After a result this comes as a statement of its own: the result must be seen first. */
export async function unlock({ session, lock }: Ledger, options: AbortOptions): Promise<void> {
  await session.query("SELECT pg_advisory_unlock($1::bigint), pg_notify($2, '')", [lock.key, lock.channel], options);
}

/** The latest attempt of this launch. */
export async function latest({ session, fleet, launch }: Ledger, options: AbortOptions): Promise<LaunchRecord | undefined> {
  const text = `SELECT ${columns} FROM mothership_flagship.launches WHERE fleet = $1 AND launch = $2 ORDER BY id DESC LIMIT 1`;
  return recordOf((await session.query(text, [fleet, launch.id], options))[0]);
}

/** One attempt, as it is now. */
export async function byId({ session }: Ledger, id: string, options: AbortOptions): Promise<LaunchRecord | undefined> {
  return recordOf((await session.query(`SELECT ${columns} FROM mothership_flagship.launches WHERE id = $1::bigint`, [id], options))[0]);
}

/** Whoever works for this fleet, whatever the launch; for messages. */
export async function atWork({ session, fleet }: Ledger, options: AbortOptions): Promise<LaunchRecord | undefined> {
  const text = `SELECT ${columns} FROM mothership_flagship.launches WHERE fleet = $1 AND state = 'running' ORDER BY id DESC LIMIT 1`;
  return recordOf((await session.query(text, [fleet], options))[0]);
}

/** How long the work of flagships that were lost may still go on. Under the lock. */
export async function leaseLeft({ session, fleet }: Ledger, options: AbortOptions): Promise<number> {
  const text = `SELECT coalesce(extract(epoch FROM max(lease_until) - clock_timestamp()) * 1000, 0)::float8 AS ms
    FROM mothership_flagship.launches WHERE fleet = $1`;
  return Math.max(0, Number((await session.query(text, [fleet], options))[0]?.["ms"]));
}

/** Puts a new attempt on record, still without a lease, and wakes those who may join it. Under the lock. */
export async function begin(ledger: Ledger, holder: Holder, options: AbortOptions): Promise<string> {
  const { session, pid, fleet, launch, lock } = ledger;
  await session.query(
    `DELETE FROM mothership_flagship.launches WHERE fleet = $1 AND id <
      (SELECT id FROM mothership_flagship.launches WHERE fleet = $1 ORDER BY id DESC OFFSET ${keptRows - 2} LIMIT 1)`,
    [fleet],
    options,
  );
  const [row] = await session.query(
    `WITH new AS (INSERT INTO mothership_flagship.launches (fleet, launch, state, holder, token, lease_until)
        SELECT $1, $2, 'running', $3, $4, clock_timestamp() WHERE pg_backend_pid() = $5 RETURNING id)
      SELECT id::text, pg_notify($6, '') FROM new`,
    [fleet, launch.id, holder.name, holder.token, pid, lock.channel],
    options,
  );
  if (row === undefined) throw strayed(ledger);
  return String(row["id"]);
}

/** Takes the place of a flagship that was lost, whose lease stays. Under the lock. */
export async function inherit(ledger: Ledger, id: string, holder: Holder, options: AbortOptions): Promise<void> {
  const [row] = await ledger.session.query(
    `UPDATE mothership_flagship.launches SET holder = $2, token = $3, beat_at = clock_timestamp()
      WHERE id = $1::bigint AND state = 'running' AND pg_backend_pid() = $4 RETURNING id`,
    [id, holder.name, holder.token, ledger.pid],
    options,
  );
  if (row === undefined) throw strayed(ledger);
}

/**
 * A sign of life, with a lease: for how long after it work may go on if the session is lost. False when the row is no longer
 * this holder's.
 */
export async function beat({ session, pid }: Ledger, id: string, token: string, leaseMs: number, options: AbortOptions): Promise<boolean> {
  const rows = await session.query(
    `UPDATE mothership_flagship.launches SET beat_at = clock_timestamp(),
        lease_until = greatest(lease_until, clock_timestamp() + $3::float8 * interval '1 millisecond')
      WHERE id = $1::bigint AND token = $2 AND state = 'running' AND pg_backend_pid() = $4 RETURNING id`,
    [id, token, leaseMs, pid],
    options,
  );
  return rows.length === 1;
}

export interface Result {
  readonly state: "ready" | "aborted";
  readonly reason: string;
  /** The holder's own work has ended, and with it the lease. False before it began: a predecessor's lease has to stay. */
  readonly endsLease: boolean;
}

/** Puts the holder's result on record and wakes everybody. False when the row is no longer this holder's. */
export async function finish(
  { session, pid, lock }: Ledger,
  id: string,
  token: string,
  result: Result,
  options: AbortOptions,
): Promise<boolean> {
  const rows = await session.query(
    `WITH done AS (UPDATE mothership_flagship.launches SET state = $3, reason = $4, finished_at = clock_timestamp(),
        lease_until = CASE WHEN $5 THEN clock_timestamp() ELSE lease_until END
      WHERE id = $1::bigint AND token = $2 AND state = 'running' AND pg_backend_pid() = $6 RETURNING id)
      SELECT pg_notify($7, '') FROM done`,
    [id, token, result.state, cut(result.reason), result.endsLease, pid, lock.channel],
    options,
  );
  return rows.length === 1;
}

/**
 * Puts on record that flagships were lost: the one of this row, or all of the fleet but the one of this row. Their leases
 * stay. Under the lock.
 */
export async function bury(
  { session, pid, fleet, lock }: Ledger,
  which: { readonly only: string } | { readonly allBut: string | undefined },
  options: AbortOptions,
): Promise<void> {
  const [only, allBut] = "only" in which ? [which.only, null] : [null, which.allBut ?? null];
  await session.query(
    `WITH lost AS (UPDATE mothership_flagship.launches SET state = 'aborted', finished_at = clock_timestamp(),
        reason = 'the flagship (' || holder || ') was lost before it announced a result'
      WHERE fleet = $1 AND state = 'running' AND pg_backend_pid() = $2
        AND ($3::bigint IS NULL OR id = $3::bigint) AND ($4::bigint IS NULL OR id <> $4::bigint) RETURNING id)
      SELECT pg_notify($5, '') FROM lost`,
    [fleet, pid, only, allBut, lock.channel],
    options,
  );
}

function strayed({ session }: Ledger): ElectionDatabaseError {
  return new ElectionDatabaseError(session.target, "a statement did not run in the session that holds the lock");
}

function cut(reason: string): string {
  // A NUL would make the server refuse the statement, and with it the result.
  return reason.replaceAll("\0", "").slice(0, maxReasonLength);
}

function recordOf(row: Row | undefined): LaunchRecord | undefined {
  if (row === undefined) return undefined;
  const state = String(row["state"]);
  if (state !== "running" && state !== "ready" && state !== "aborted") throw new TypeError(`unknown state of a launch: ${state}`);
  return {
    id: String(row["id"]),
    launch: String(row["launch"]),
    state,
    holder: String(row["holder"]),
    token: String(row["token"]),
    reason: String(row["reason"]),
    ageMs: Number(row["age_ms"]),
  };
}
