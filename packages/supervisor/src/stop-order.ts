/**
 * Runs `stop` for each of these once those that depend on it, among these, have been stopped; what is independent side by side. Without
 * dependents that is before this returns. One that fails does not keep the others from being stopped; the first failure is thrown at the end.
 */
export async function inStopOrder<T>(
  things: readonly T[],
  dependentsOf: (thing: T) => readonly T[],
  stop: (thing: T) => Promise<void>,
): Promise<void> {
  const stops = new Map<T, Promise<void>>();
  const end = (thing: T): Promise<void> => {
    const known = stops.get(thing);
    if (known) return known;
    const dependents = dependentsOf(thing);
    const stopped = dependents.length === 0 ? stop(thing) : Promise.allSettled(dependents.map(end)).then(() => stop(thing));
    stops.set(thing, stopped);
    return stopped;
  };
  const results = await Promise.allSettled(things.map(end));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
