import { type AbortOptions, backoffDelay, type Deps } from "@mothership/kernel";
import type { FleetMetrics } from "@mothership/metrics";
import type { PayloadFigures, ThreadState } from "../edge.ts";
import { addFigures } from "./figures.ts";
import type { ThreadReport, ThreadStart } from "./messages.ts";
import { EdgeThread } from "./thread.ts";

/** A thread that died is replaced after so long; from then on longer and longer, until one has lasted. */
const backoff = { minDelayMs: 100, maxDelayMs: 10_000 };
/** A thread that ran for so long was well. */
const stableMs = 60_000;
/** Threads are looked at so often. One that has not answered for so long serves nobody and keeps its share of the clients: it is replaced. */
const watch = { everyMs: 5_000, answerMs: 30_000 };

/** The place of one thread, and whoever has it now. */
interface Place {
  readonly number: number;
  thread: EdgeThread;
  state: ThreadState["state"];
  lost: number;
  failures: number;
  /** Figures of payloads of those that had the place before, and of the one that has it. */
  past: readonly PayloadFigures[];
  present: readonly PayloadFigures[];
  /** Of the thread that has it. */
  held: ThreadReport["held"];
}

export interface ThreadSetOptions {
  /** What a thread begins with now. */
  readonly startOf: (number: number) => ThreadStart;
  readonly metrics?: FleetMetrics | undefined;
  /** Takes each line of the access log of any thread. */
  readonly onAccess?: ((line: string) => void) | undefined;
  /** So many lines of it were left out, for the main thread did not take them as fast as they came. */
  readonly onAccessDropped?: ((lines: number) => void) | undefined;
  readonly onJudged: (upstream: string, failure: string | undefined) => void;
  /** Called before its place is given to another. */
  readonly onEnded: (number: number) => void;
}

/** Opens threads 2 to `last`, all of them or none. @throws {EdgeThreadError} */
export async function openThreads(last: number, deps: Deps, options: ThreadSetOptions): Promise<ThreadSet> {
  const set = new ThreadSet(last, deps, options);
  try {
    await Promise.all(set.threads.map(({ opened }) => opened));
  } catch (error) {
    await set.close({ signal: AbortSignal.abort() });
    throw error;
  }
  set.keep();
  return set;
}

/** The further threads of the edge. One that dies is replaced for as long as the set is open; the others go on. */
export class ThreadSet {
  readonly #places: Place[] = [];
  readonly #deps: Deps;
  readonly #options: ThreadSetOptions;
  readonly #closing = new AbortController();
  readonly #kept: Promise<void>[] = [];

  constructor(last: number, deps: Deps, options: ThreadSetOptions) {
    this.#deps = deps;
    this.#options = options;
    for (let number = 2; number <= last; number++) this.#places.push(this.#newPlace(number));
  }

  /** All are open: from now on each that dies is replaced. */
  keep(): void {
    for (const place of this.#places) {
      place.state = "running";
      this.#kept.push(this.#keep(place));
    }
    this.#kept.push(this.#watch());
  }

  get states(): readonly ThreadState[] {
    return this.#places.map(({ number, state, lost }) => ({ thread: number, state, lost }));
  }

  /** Those that there are, also while they start. */
  get threads(): readonly EdgeThread[] {
    return this.#places.map(({ thread }) => thread);
  }

  /** What payloads have done in all threads that there are or were. */
  get payloads(): readonly PayloadFigures[] {
    return this.#places.reduce<readonly PayloadFigures[]>((sum, { past, present }) => addFigures(addFigures(sum, past), present), []);
  }

  /** Requests that wait for this upstream, when the threads last said so. */
  heldFor(upstream: string): number {
    const counts = this.#places.flatMap(({ held }) => held.filter(([name]) => name === upstream));
    return counts.reduce((sum, [, count]) => sum + count, 0);
  }

  /** Payloads were opened anew, and count from nothing. */
  forgetPayloads(): void {
    for (const place of this.#places) [place.past, place.present] = [[], []];
  }

  async close(options: AbortOptions = {}): Promise<void> {
    this.#closing.abort(new Error("the edge closes"));
    await Promise.all(this.threads.map((thread) => thread.close(options)));
    await Promise.all(this.#kept);
  }

  /** Read anew after each wait. */
  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#closing;
    try {
      for (;;) {
        await clock.sleep(watch.everyMs, { signal });
        await Promise.all(this.threads.filter(({ isOpen }) => isOpen).map((thread) => this.#look(thread)));
      }
    } catch {
      // The edge closes, and threads that do not answer are cut off by that.
    }
  }

  async #look(thread: EdgeThread): Promise<void> {
    const { signal } = this.#closing;
    try {
      await thread.ask({ type: "report" }, { withinMs: watch.answerMs });
    } catch {
      if (!signal.aborted && thread.isOpen) await thread.end(`it has not answered for ${watch.answerMs / 1000} s`);
    }
  }

  #newPlace(number: number): Place {
    const place = { number, state: "starting" as const, lost: 0, failures: 0, past: [], present: [], held: [] };
    // It has its thread before anybody sees it.
    const whole: Place = Object.assign(place, { thread: this.#start(number, (report) => this.#reported(whole, report)) });
    return whole;
  }

  #start(number: number, onReport: (report: ThreadReport) => void): EdgeThread {
    const source = this.#options.metrics?.source();
    const { startOf, onAccess, onAccessDropped, onJudged, onEnded } = this.#options;
    const report = (one: ThreadReport): void => {
      source?.add(one.tally);
      onReport(one);
    };
    const thread = new EdgeThread(startOf(number), this.#deps, { onReport: report, onAccess, onAccessDropped, onJudged });
    // Never rejects.
    const ended = (): void => {
      source?.[Symbol.dispose]();
      onEnded(number);
    };
    thread.ended.then(ended).catch(() => undefined);
    return thread;
  }

  #reported(place: Place, report: ThreadReport): void {
    place.present = report.payloads;
    place.held = report.held;
  }

  /** Replaces whoever has this place, until the set is closed. */
  async #keep(place: Place): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#closing;
    for (let since = clock.now(); ; since = clock.now()) {
      const reason = await place.thread.ended;
      if (signal.aborted) return;
      place.lost++;
      place.failures = clock.now() - since >= stableMs ? 1 : place.failures + 1;
      place.state = "waiting";
      [place.past, place.present, place.held] = [addFigures(place.past, place.present), [], []];
      const delayMs = backoffDelay(place.failures, backoff, Math.random);
      log.error("A thread of the edge died with its connections; the others go on, and it is replaced", {
        thread: place.number,
        reason,
        delayMs,
      });
      try {
        await clock.sleep(delayMs, { signal });
      } catch {
        return;
      }
      // Closed in the very moment in which the time was over.
      if (this.#closed) return;
      place.state = "starting";
      place.thread = this.#start(place.number, (report) => this.#reported(place, report));
      try {
        await place.thread.opened;
        place.state = "running";
        log.info("A thread of the edge was replaced", { thread: place.number });
      } catch {
        // Why is said when it has ended, which it has or is about to.
        await place.thread.end("it could not be opened");
      }
    }
  }
}
