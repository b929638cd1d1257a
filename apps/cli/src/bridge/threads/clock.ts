import { type Clock, systemClock } from "@mothership/kernel";

const perMs = 1e6;

/** Where this thread's clock stands at 0, in nanoseconds of the machine's clock, which all threads see alike. */
export function clockOrigin(clock: Clock): bigint {
  return process.hrtime.bigint() - BigInt(Math.round(clock.now() * perMs));
}

/** The clock of another thread, by its origin: every thread counts from when it began, and what they share has moments in it. */
export function clockFrom(origin: bigint): Clock {
  const aheadMs = Number(clockOrigin(systemClock) - origin) / perMs;
  return { ...systemClock, now: () => systemClock.now() + aheadMs };
}
