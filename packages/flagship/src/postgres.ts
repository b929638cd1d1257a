import { randomUUID } from "node:crypto";
import { type AbortOptions, backoffDelay, type Deps, deadline } from "@mothership/kernel";
import type { Coordinator, Tenure } from "./coordinator.ts";
import { type Election, electionOf, isTransient, openLedger, type PostgresElection } from "./election.ts";
import { ElectionTimeoutError } from "./errors.ts";
import { takeOffice } from "./office.ts";
import { PostgresTenure, type Start } from "./postgres-tenure.ts";
import { atWork, bury, type Holder, type Ledger, latest, tryLock, unlock } from "./record.ts";
import { judge } from "./verdict.ts";

/**
 * An election in a PostgreSQL database: an advisory lock says who may work, a row beside it says what has become of the work,
 * and NOTIFY only says "look again". So a result reaches servers that come late, and a lock is never left behind by a crash.
 *
 * Throws at once when the URL cannot be used ({@link ElectionUrlError}, {@link InsecureElectionError}).
 *
 * `elect` throws MS_ELECTION_TIMEOUT, MS_ELECTION_POOLED, MS_ELECTION_FORBIDDEN, or MS_ELECTION_DATABASE when the database
 * refuses; while it cannot be reached, it is tried again until the election timeout.
 */
export function postgresCoordinator(spec: PostgresElection, deps: Deps): Coordinator {
  const election = electionOf(spec);
  const log = deps.log.child({ fleet: election.fleet });
  return { elect: (options = {}) => elect(election, { ...deps, log }, options) };
}

async function elect(election: Election, deps: Deps, { signal }: AbortOptions): Promise<Tenure> {
  const { electionTimeoutMs, holderName, launch, lock, pollMs, url } = election;
  const { clock, log } = deps;
  log.debug("electing", { target: url.target, launch: launch.id, lockKey: lock.key, classid: lock.classid, objid: lock.objid });
  const holder: Holder = { name: holderName, token: randomUUID() };
  using limit = deadline("electing", electionTimeoutMs, clock, signal);
  const options = { signal: limit.signal };
  const progress = { last: "the database has not answered" };
  let failures = 0;
  try {
    while (true) {
      try {
        const start = await candidacy(election, holder, progress, deps, options);
        const tenure = new PostgresTenure(election, holder, start, deps);
        log.info("role decided", { role: tenure.role, launch: launch.id });
        return tenure;
      } catch (error) {
        if (!isTransient(error)) throw error;
        if (failures++ === 0) log.warn("the election database cannot be reached; trying again", { reason: error.message });
        progress.last = error.message;
        await clock.sleep(backoffDelay(failures, { minDelayMs: pollMs / 10, maxDelayMs: pollMs }, Math.random), options);
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw limit.signal.aborted ? new ElectionTimeoutError(electionTimeoutMs, progress.last) : error;
  }
}

/** One connection's worth of standing for the office. */
async function candidacy(
  election: Election,
  holder: Holder,
  progress: { last: string },
  deps: Deps,
  options: AbortOptions,
): Promise<Start> {
  await using scope = new AsyncDisposableStack();
  const ledger = await openLedger(election, deps, options);
  scope.use(ledger.session);
  while (true) {
    const start = await stand(election, ledger, holder, deps, options);
    if (start !== undefined) {
      scope.move();
      return start;
    }
    const other = await atWork(ledger, options);
    progress.last = other
      ? `the flagship of launch "${other.launch}" (${other.holder}) is at work`
      : `somebody else holds the lock ${election.lock.key}`;
    await ledger.session.notification(election.pollMs, options);
  }
}

async function stand(election: Election, ledger: Ledger, holder: Holder, deps: Deps, options: AbortOptions): Promise<Start | undefined> {
  const locked = await tryLock(ledger, options);
  const record = await latest(ledger, options);
  const { arrivalWindowMs, launch, onFlagshipLoss } = election;
  const verdict = judge(record, locked, { explicit: launch.explicit, arrivalWindowMs, onFlagshipLoss, token: holder.token });
  if (verdict === "wait") return undefined;
  if (verdict === "begin" || record === undefined) return { office: await takeOffice(election, ledger, holder, undefined, deps, options) };
  if (verdict === "inherit") return { office: await takeOffice(election, ledger, holder, record.id, deps, options) };
  if (verdict === "bury") await bury(ledger, { only: record.id }, options);
  if (locked) await unlock(ledger, options);
  return { ledger, id: record.id };
}
