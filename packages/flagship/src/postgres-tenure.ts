import { type AbortOptions, backoffDelay, type Deps, deadline } from "@mothership/kernel";
import type { Role, Tenure } from "./coordinator.ts";
import { type Election, isTransient, openLedger } from "./election.ts";
import { FlagshipAbortedError, PrelaunchTimeoutError, TenureRoleError } from "./errors.ts";
import { type Office, takeOffice } from "./office.ts";
import { bury, byId, type Holder, type Ledger, tryLock, unlock } from "./record.ts";

/** Where a tenure starts: with the office, or as escort of a row. */
export type Start = { readonly office: Office } | { readonly ledger: Ledger; readonly id: string };

/** Takes ownership of the office or of the ledger's session. */
export class PostgresTenure implements Tenure {
  readonly #election: Election;
  readonly #holder: Holder;
  readonly #deps: Deps;
  readonly #lost = new AbortController();
  /** Row whose flagship is waited for. */
  readonly #id: string;
  #office: Office | undefined;
  #ledger: Ledger | undefined;

  constructor(election: Election, holder: Holder, start: Start, deps: Deps) {
    this.#election = election;
    this.#holder = holder;
    this.#deps = deps;
    this.#id = "id" in start ? start.id : "";
    if ("office" in start) this.#hold(start.office);
    else this.#ledger = start.ledger;
  }

  get role(): Role {
    return this.#office ? "flagship" : "escort";
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  async announceReady(): Promise<void> {
    await this.#mine("announceReady").announceReady();
    this.#deps.log.info("the flagship is ready", { launch: this.#election.launch.id });
  }

  async announceAbort(reason: string): Promise<void> {
    await this.#mine("announceAbort").announceAbort(reason);
  }

  async waitUntilReady({ signal }: AbortOptions = {}): Promise<"ready" | "promoted"> {
    if (this.#office) throw new TenureRoleError("waitUntilReady", this.role);
    const { prelaunchTimeoutMs, pollMs } = this.#election;
    const { clock, log } = this.#deps;
    using limit = deadline("waiting for the flagship", prelaunchTimeoutMs, clock, signal);
    const options = { signal: limit.signal };
    let failures = 0;
    let last = "it is still at work";
    try {
      while (true) {
        try {
          limit.signal.throwIfAborted();
          this.#ledger ??= await openLedger(this.#election, this.#deps, options);
          const outcome = await this.#look(this.#ledger, options);
          if (outcome !== undefined) return outcome;
          failures = 0;
          last = "it is still at work";
          await this.#ledger.session.notification(pollMs, options);
        } catch (error) {
          if (!isTransient(error)) throw error;
          // An escort holds nothing that could be lost with a connection, so it asks again on another one.
          if (failures++ === 0) log.warn("connection to the election lost while waiting for the flagship", { reason: error.message });
          last = error.message;
          await this.#leave();
          await clock.sleep(backoffDelay(failures, { minDelayMs: pollMs / 10, maxDelayMs: pollMs }, Math.random), options);
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw limit.signal.aborted ? new PrelaunchTimeoutError(prelaunchTimeoutMs, last) : error;
    } finally {
      await this.#leave();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#office?.close("the flagship ended without a result");
    await this.#leave();
  }

  /** What has become of the flagship; undefined while it is at work. */
  async #look(ledger: Ledger, options: AbortOptions): Promise<"ready" | "promoted" | undefined> {
    const { launch, onFlagshipLoss } = this.#election;
    const record = await byId(ledger, this.#id, options);
    if (record?.state === "ready") return "ready";
    if (record?.state !== "running") throw new FlagshipAbortedError(launch.id, record?.reason ?? "its record is gone");
    if (!(await tryLock(ledger, options))) return undefined;

    // With the lock in our hands nobody is at work. But the result may have come since we looked.
    if ((await byId(ledger, this.#id, options))?.state !== "running") {
      await unlock(ledger, options);
      return this.#look(ledger, options);
    }
    if (onFlagshipLoss === "takeover") {
      const office = await takeOffice(this.#election, ledger, this.#holder, this.#id, this.#deps, options);
      this.#ledger = undefined;
      this.#hold(office);
      this.#deps.log.warn("the flagship was lost; this server takes its place", { launch: launch.id, holder: record.holder });
      return "promoted";
    }
    await bury(ledger, { only: this.#id }, options);
    await unlock(ledger, options);
    return this.#look(ledger, options);
  }

  #hold(office: Office): void {
    this.#office = office;
    office.lost.addEventListener("abort", () => this.#lost.abort(office.lost.reason), { once: true });
    if (office.lost.aborted) this.#lost.abort(office.lost.reason);
  }

  #mine(operation: string): Office {
    if (!this.#office) throw new TenureRoleError(operation, this.role);
    return this.#office;
  }

  async #leave(): Promise<void> {
    const ledger = this.#ledger;
    this.#ledger = undefined;
    await ledger?.session.close();
  }
}
