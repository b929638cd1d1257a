import { addAbortListener } from "node:events";
import { type AbortOptions, type Deps, deadline, messageOf, redact } from "@mothership/kernel";
import { withoutSecret } from "./driver-error.ts";
import { type Election, isTransient, openLedger } from "./election.ts";
import { ElectionDatabaseError, OfficeLostError } from "./errors.ts";
import { beat, begin, bury, byId, finish, type Holder, inherit, type Ledger, leaseLeft, type Result, tryLock, unlock } from "./record.ts";

// The office of a flagship: the lock, which the session holds, and a row that is "running" and bears this holder's token.
// 1. The row is written at once, so that others can join, and gives signs of life.
// 2. Work begins when the leases of all lost flagships have run out, and with a lease of its own on record.
// 3. Each further sign of life renews the lease: for so long our work might go on if the session were lost.
// 4. It ends with a result on record, or by the loss of the session, after which nothing may be written.

/**
 * Takes ownership of the ledger, whose session holds the lock. `predecessor`: the row whose flagship was lost, to go on in
 * its place. Resolves when work may begin.
 */
export async function takeOffice(
  election: Election,
  ledger: Ledger,
  holder: Holder,
  predecessor: string | undefined,
  deps: Deps,
  { signal }: AbortOptions,
): Promise<Office> {
  const waitMs = await leaseLeft(ledger, { signal });
  await bury(ledger, { allBut: predecessor }, { signal });
  if (predecessor !== undefined) await inherit(ledger, predecessor, holder, { signal });
  const id = predecessor ?? (await begin(ledger, holder, { signal }));
  const office = new Office(election, ledger, id, holder, deps);
  try {
    await office.begin(waitMs, { signal });
    return office;
  } catch (error) {
    await office.abandon();
    // Nothing has been done in it, so this is no more than a connection that broke.
    const { lost } = office;
    throw lost.aborted ? new ElectionDatabaseError(ledger.session.target, messageOf(lost.reason), { transient: true }) : error;
  }
}

/** The flagship at work: gives signs of life on record, hears when its session or its record is lost, and puts the result there. */
export class Office {
  readonly #election: Election;
  readonly #ledger: Ledger;
  readonly #id: string;
  readonly #holder: Holder;
  readonly #deps: Deps;
  readonly #lost = new AbortController();
  /** Ends the signs of life, and with them the time in which the loss of the session is a loss of the office. */
  readonly #ended = new AbortController();
  #heart: Promise<void> = Promise.resolve();
  #result: Promise<void> | undefined;
  /** Work may be going on, so that each sign of life has to renew the lease. */
  #leased = false;

  constructor(election: Election, ledger: Ledger, id: string, holder: Holder, deps: Deps) {
    this.#election = election;
    this.#ledger = ledger;
    this.#id = id;
    this.#holder = holder;
    this.#deps = deps;
  }

  /** Fires when the office is lost without a result. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Gives signs of life, waits for the end of what lost flagships left behind, and takes a lease of its own. */
  async begin(waitMs: number, { signal }: AbortOptions): Promise<void> {
    this.#heart = this.#beatOn();
    if (waitMs > 0) {
      this.#deps.log.warn("a flagship was lost lately; waiting until its work must have stopped", { durationMs: Math.round(waitMs) });
      await this.#deps.clock.sleep(waitMs, { signal: signal ? AbortSignal.any([signal, this.lost]) : this.lost });
    }
    this.#leased = true;
    if (!(await this.#beat({ signal }))) this.#lose("somebody else has changed its record");
    this.lost.throwIfAborted();
  }

  /** Leaves before work has begun. Where another may take over, it finds everything as it was. */
  async abandon(): Promise<void> {
    if (this.#election.onFlagshipLoss === "abort") await this.announceAbort("the flagship gave up before it began");
    await this.#end();
  }

  announceReady(): Promise<void> {
    this.#result ??= this.#announce({ state: "ready", reason: "", endsLease: true });
    return this.#result;
  }

  /** Never rejects: without a word from us the others find a running row and a free lock, and abort all the same. */
  async announceAbort(reason: string): Promise<void> {
    if (this.lost.aborted) return;
    // Work that fails often says which URL it used, and that may well be the election's.
    const said = withoutSecret(redact(reason), this.#election.url.password);
    this.#result ??= this.#announce({ state: "aborted", reason: said, endsLease: this.#leased }).catch((error: unknown) => {
      this.#deps.log.warn("the abort could not be put on record; the others will notice that the flagship is gone", {
        reason: messageOf(error),
      });
    });
    await this.#result.catch(() => undefined); // Whoever announced success has heard that it failed.
  }

  /** Without a result the launch is aborted for this reason. Afterwards nothing is left of the session. */
  async close(reason: string): Promise<void> {
    await this.announceAbort(reason);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#ended.abort();
    await this.#heart;
    await this.#ledger.session.close();
  }

  #beat(options: AbortOptions): Promise<boolean> {
    return beat(this.#ledger, this.#id, this.#holder.token, this.#leased ? this.#election.leaseMs : 0, options);
  }

  async #beatOn(): Promise<void> {
    const { clock } = this.#deps;
    const { session } = this.#ledger;
    using _ = addAbortListener(session.lost, () => this.#lose(messageOf(session.lost.reason)));
    try {
      while (true) {
        await clock.sleep(this.#election.heartbeatMs, { signal: this.#ended.signal });
        if (!(await this.#beat({}))) return this.#lose("somebody else has changed its record");
      }
    } catch (error) {
      this.#lose(messageOf(error));
    }
  }

  #lose(reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#lost.abort(new OfficeLostError(this.#election.launch.id, reason));
    this.#deps.log.error("this server is no longer the flagship; its work has to stop", { launch: this.#election.launch.id, reason });
  }

  async #announce(result: Result): Promise<void> {
    this.lost.throwIfAborted();
    this.#ended.abort();
    await this.#heart;
    if (!(await this.#record(result))) throw new OfficeLostError(this.#election.launch.id, "its record was changed by somebody else");
    await this.#ledger.session.close();
  }

  async #record(result: Result): Promise<boolean> {
    const { session } = this.#ledger;
    try {
      if (!(await finish(this.#ledger, this.#id, this.#holder.token, result, {}))) return false;
    } catch (error) {
      if (result.state === "aborted") throw error;
      // The server may have put it on record before the connection broke. To guess would let some launch and others not.
      this.#deps.log.warn("the connection broke while the result was announced; finding out what is on record", {
        reason: messageOf(error),
      });
      return this.#recordAgain(result, messageOf(error));
    }
    await unlock(this.#ledger, {}).catch((error: unknown) => {
      this.#deps.log.debug("the lock ends with the session", { target: session.target, reason: messageOf(error) });
    });
    return true;
  }

  /** On a new connection: what is on record stays; if nothing is, and nobody else has the lock, the result is put there now. */
  async #recordAgain(result: Result, reason: string): Promise<boolean> {
    const { clock } = this.#deps;
    const { answerTimeoutMs, pollMs, launch } = this.#election;
    using limit = deadline("finding out whether the result is on record", 2 * answerTimeoutMs, clock);
    const options = { signal: limit.signal };
    try {
      while (true) {
        try {
          const ledger = await openLedger(this.#election, this.#deps, options);
          await using _ = ledger.session;
          while (true) {
            // With the lock nobody can change the row under our hands, not even what is left of our old session.
            const locked = await tryLock(ledger, options);
            const record = await byId(ledger, this.#id, options);
            if (record?.token !== this.#holder.token) return false;
            if (record.state !== "running") return record.state === result.state;
            if (locked) {
              const done = await finish(ledger, this.#id, this.#holder.token, result, options);
              await unlock(ledger, options);
              return done;
            }
            await ledger.session.notification(pollMs, options);
          }
        } catch (error) {
          if (!isTransient(error)) throw error;
          await clock.sleep(Math.min(pollMs, answerTimeoutMs / 10), options);
        }
      }
    } catch (error) {
      const late = limit.signal.aborted ? "and the database could not be asked whether the result is on record" : messageOf(error);
      throw new OfficeLostError(launch.id, `${reason}, ${late}`);
    }
  }
}
