import type { Clock, Logger } from "@mothership/kernel";
import { deadline, messageOf } from "@mothership/kernel";
import { background } from "./background.ts";
import type { ProbeFunction, ProbeResult } from "./probe.ts";

/** A probe and how often it is made. */
export interface CheckPlan {
  readonly what: string;
  readonly probe: ProbeFunction;
  readonly initialDelayMs: number;
  /** The pause after look number `count` (from 1), before jitter. */
  readonly pauseMs: (count: number) => number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface CheckDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly places: Places;
  /** Told by how much a timer came too late: a sign that this process is the one in trouble. */
  readonly onLate: (ms: number) => void;
}

/** What the last results say together: often enough good, often enough bad, or nothing new. */
export type Verdict = "good" | "bad" | "open";

export interface Check {
  /** Looks now, if it is not looking. */
  poke(): void;
  /** No more looks, no more results; a look that is under way is aborted. */
  end(): void;
}

/** Longest text of a reason that is kept. */
const reasonLength = 200;

/** Makes a probe again and again, never twice at once. */
export function openCheck(plan: CheckPlan, deps: CheckDeps, onResult: (result: ProbeResult, verdict: Verdict) => void): Check {
  const { clock } = deps;
  const ending = new AbortController();
  let timer: Disposable | undefined;
  let looking = false;
  let count = 0;
  let passes = 0;
  let failures = 0;

  const judge = (ok: boolean): Verdict => {
    passes = ok ? passes + 1 : 0;
    failures = ok ? 0 : failures + 1;
    if (passes >= plan.successThreshold) return "good";
    return failures >= plan.failureThreshold ? "bad" : "open";
  };

  const look = async (): Promise<void> => {
    looking = true;
    const release = await deps.places.take();
    let result: ProbeResult | undefined;
    if (!ending.signal.aborted) result = await once(plan, clock, ending.signal);
    release();
    looking = false;
    if (!result || ending.signal.aborted) return;
    count++;
    onResult(result, judge(result.ok));
    // The listener may have ended the check.
    if (!ended()) schedule(plan.pauseMs(count) * (0.9 + 0.2 * deps.random()));
  };

  const ended = (): boolean => ending.signal.aborted;

  const schedule = (ms: number): void => {
    const due = clock.now() + ms;
    timer = clock.timer(ms, () => {
      deps.onLate(clock.now() - due);
      background(look(), deps.log);
    });
  };

  schedule(plan.initialDelayMs);
  return {
    poke: () => {
      if (looking || ended()) return;
      timer?.[Symbol.dispose]();
      background(look(), deps.log);
    },
    end: () => {
      timer?.[Symbol.dispose]();
      ending.abort(new Error("the check was ended"));
    },
  };
}

async function once(plan: CheckPlan, clock: Clock, outer: AbortSignal): Promise<ProbeResult> {
  using limit = deadline(plan.what, plan.timeoutMs, clock, outer);
  const from = clock.now();
  const at = clock.wallTime();
  // A probe that does not keep to the signal must not hold up the check for ever.
  const cut = Promise.withResolvers<never>();
  const stop = (): void => cut.reject(limit.signal.reason);
  limit.signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([plan.probe({ signal: limit.signal }), cut.promise]);
    return { at, ok: true, timedOut: false, latencyMs: clock.now() - from, reason: "" };
  } catch (error) {
    return {
      at,
      ok: false,
      timedOut: limit.signal.aborted,
      latencyMs: clock.now() - from,
      reason: messageOf(error).slice(0, reasonLength),
    };
  } finally {
    limit.signal.removeEventListener("abort", stop);
  }
}

/** So many may be inside at once; the others wait in line. */
export class Places {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with the way to give the place back. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#line.push(resolve));
    return () => {
      const next = this.#line.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
