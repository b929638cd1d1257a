import { hostname } from "node:os";
import type { AbortOptions, Deps } from "@mothership/kernel";
import { type ElectionUrl, parseElectionUrl } from "./election-url.ts";
import { ElectionDatabaseError } from "./errors.ts";
import type { Launch } from "./launch.ts";
import { type LockKey, lockKeyOf } from "./lock-key.ts";
import { refusePooler } from "./pooler.ts";
import { type Ledger, prepareTable } from "./record.ts";
import { openSession, type SessionSpec } from "./session.ts";
import { tlsChoices } from "./ssl-policy.ts";

/** An election held in a PostgreSQL database. Plain data. */
export interface PostgresElection {
  /** `postgres://...` with libpq's parameters; may hold a password. All servers of a fleet name the same database. */
  readonly url: string;
  /** Name of the fleet: who shares it never does the one-time work at the same time. */
  readonly fleet: string;
  /** The deployment, as {@link launchOf} gives it. */
  readonly launch: Launch;
  /** Take an sslmode with which the connection may be unencrypted. Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** How long `elect` may take. Default 30 s. */
  readonly electionTimeoutMs?: number | undefined;
  /** How long an escort waits. Default 300 s. */
  readonly prelaunchTimeoutMs?: number | undefined;
  /** When the flagship is lost in the middle of its work: fail on all servers (the default), or let another do it again. */
  readonly onFlagshipLoss?: "abort" | "takeover" | undefined;
  /** How long after its end an abort, or a success without an explicit launch id, counts for servers that arrive. Default 60 s. */
  readonly arrivalWindowMs?: number | undefined;
  /** Pause between two signs of life of a flagship. Default 2 s. */
  readonly heartbeatMs?: number | undefined;
  /** How long the database may take for one answer before the connection counts as lost. Default 5 s. */
  readonly answerTimeoutMs?: number | undefined;
  /** How long the work may take to stop once the office is lost; nobody else begins before that has passed. Default 10 s. */
  readonly stopGraceMs?: number | undefined;
  /** Pause between two looks of those who wait, should a notification not reach them. Default 1 s. */
  readonly pollMs?: number | undefined;
}

/** An election with everything decided. */
export interface Election {
  readonly url: ElectionUrl;
  readonly fleet: string;
  readonly launch: Launch;
  readonly lock: LockKey;
  readonly electionTimeoutMs: number;
  readonly prelaunchTimeoutMs: number;
  readonly onFlagshipLoss: "abort" | "takeover";
  readonly arrivalWindowMs: number;
  readonly heartbeatMs: number;
  readonly answerTimeoutMs: number;
  /** How long after a sign of life the work may still go on when the office has been lost. */
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Host and process, as other servers' messages name this one. */
  readonly holderName: string;
}

const maxApplicationNameBytes = 63;

/** Applies the defaults and checks the URL. */
export function electionOf(spec: PostgresElection): Election {
  const { heartbeatMs = 2000, answerTimeoutMs = 5000, stopGraceMs = 10_000 } = spec;
  return {
    url: parseElectionUrl(spec.url, { allowInsecure: spec.allowInsecure ?? false }),
    fleet: spec.fleet,
    launch: spec.launch,
    lock: lockKeyOf(spec.fleet),
    electionTimeoutMs: spec.electionTimeoutMs ?? 30_000,
    prelaunchTimeoutMs: spec.prelaunchTimeoutMs ?? 300_000,
    onFlagshipLoss: spec.onFlagshipLoss ?? "abort",
    arrivalWindowMs: spec.arrivalWindowMs ?? 60_000,
    heartbeatMs,
    answerTimeoutMs,
    // A sign of life may be answered late, the next one follows a pause later, and its silence is noticed later still.
    leaseMs: heartbeatMs + 2 * answerTimeoutMs + stopGraceMs,
    pollMs: spec.pollMs ?? 1000,
    holderName: `${hostname()} pid ${process.pid}`,
  };
}

/**
 * A session for this election: its own, with the table in place, and listening. The caller closes it.
 *
 * Listening comes before the first look at a row, so that no signal can fall between them.
 */
export async function openLedger(election: Election, deps: Deps, { signal }: AbortOptions): Promise<Ledger> {
  const { url, fleet, launch, lock, answerTimeoutMs } = election;
  const spec: SessionSpec = {
    url,
    tls: await tlsChoices(url),
    applicationName: Buffer.from(`mothership flagship ${fleet}`)
      .subarray(0, maxApplicationNameBytes)
      .toString("latin1")
      .replaceAll(/[^ -~]/g, "?"),
    answerTimeoutMs,
  };
  await using scope = new AsyncDisposableStack();
  const session = scope.use(await openSession(spec, deps.clock, { signal }));
  const pid = await refusePooler(session, spec, deps, { signal });
  await session.query(settings, [], { signal });
  await prepareTable(session, { signal });
  await session.query(`LISTEN ${lock.channel}`, [], { signal });
  scope.move();
  return { session, pid, fleet, launch, lock };
}

// The search path cannot lead our statements to functions of somebody else. What was announced survives a crash of the server.
// A machine that vanishes gives up its lock after 25 s, not after the server's own keep-alive time of two hours.
const settings = `SELECT set_config('search_path', 'pg_catalog', false),
  CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN set_config('synchronous_commit', 'on', false) END,
  set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),
  set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)`;

/** True when another try may succeed. */
export function isTransient(error: unknown): error is ElectionDatabaseError {
  return error instanceof ElectionDatabaseError && error.transient;
}
