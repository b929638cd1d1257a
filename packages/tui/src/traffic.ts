import type { UnitSnapshot } from "@mothership/control";

/** How many requests units get: of each the last count, and what it grew by a second since the one before. */
export type Traffic = ReadonlyMap<string, UnitTraffic>;

export interface UnitTraffic {
  /** When the count was taken, in milliseconds of a clock that only goes forward. */
  readonly at: number;
  readonly count: number;
  /** Requests a second, oldest first. */
  readonly rates: readonly number[];
}

/** Rates that are kept of each unit. */
export const trafficSamples = 40;
/** Counts that are nearer to each other tell nothing: one request more would be a peak. Milliseconds. */
const leastMs = 900;

/** The traffic with the counts that `units` have at `at`; units that are gone, or have none, are forgotten. */
export function withCounts(traffic: Traffic, units: readonly UnitSnapshot[], at: number): Traffic {
  return new Map(
    units.flatMap(({ name, requests }): [string, UnitTraffic][] => {
      if (requests === undefined) return [];
      const before = traffic.get(name);
      // A count that went back is of another fleet, or was forgotten in between.
      if (!before || requests < before.count) return [[name, { at, count: requests, rates: [] }]];
      if (at - before.at < leastMs) return [[name, before]];
      const rate = ((requests - before.count) * 1000) / (at - before.at);
      return [[name, { at, count: requests, rates: [...before.rates, rate].slice(-trafficSamples) }]];
    }),
  );
}

/** A rate in at most five characters: `0`, `0.4`, `12`, `3.4k`. */
export function perSecond(rate: number): string {
  if (rate === 0) return "0";
  if (rate < 9.95) return Math.max(0.1, rate).toFixed(1);
  if (rate < 9995) return String(Math.round(rate));
  return rate < 99_500 ? `${(rate / 1000).toFixed(1)}k` : `${Math.round(rate / 1000)}k`;
}
