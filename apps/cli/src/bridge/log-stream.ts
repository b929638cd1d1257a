import type { ControlLogLine, LogsOptions } from "@mothership/control";
import type { LogLine, Supervisor } from "@mothership/supervisor";

/**
 * Lines of several units in one stream: first what is kept, in the order of time, then what comes. Slow readers lose lines and are told how many.
 */
export async function* logStream(
  units: readonly (readonly [name: string, supervisor: Supervisor])[],
  options: LogsOptions,
): AsyncIterable<ControlLogLine> {
  const { tail, since = 0, follow = false, signal } = options;
  const kept = await Promise.all(
    units.map(([name, supervisor]) => Array.fromAsync(supervisor.logs(name, { follow: false, ...(tail !== undefined && { tail }) }))),
  );
  const last = new Map(kept.flatMap((lines, at) => [[units[at]?.[0] ?? "", lines.at(-1)?.seq ?? 0] as const]));
  const sorted = kept.flat().filter((line) => line.at >= since);
  for (const line of sorted.sort((a, b) => a.at - b.at || a.seq - b.seq)) yield plain(line);
  if (!follow) return;
  for await (const line of merge(units.map(([name, supervisor]) => supervisor.logs(name, { ...(signal && { signal }) })))) {
    // Between the two reads a line may have come that both have.
    if (line.seq > (last.get(line.name) ?? 0) && line.at >= since) yield plain(line);
  }
}

function plain({ name, stream, at, pid, text, dropped }: LogLine): ControlLogLine {
  return { name, stream, at, pid, text, dropped };
}

/** Values of all as they come, at most one of each held back. Ends when all have ended. */
async function* merge<T>(sources: readonly AsyncIterable<T>[]): AsyncIterable<T> {
  const ready: { readonly value: T; readonly taken: () => void }[] = [];
  let wake = Promise.withResolvers<void>();
  let running = sources.length;
  let over = false;
  const pump = async (source: AsyncIterable<T>): Promise<void> => {
    for await (const value of source) {
      if (over) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      ready.push({ value, taken: resolve });
      wake.resolve();
      await promise;
    }
  };
  const all = Promise.all(
    sources.map(async (source) => {
      try {
        await pump(source);
      } finally {
        running--;
        wake.resolve();
      }
    }),
  );
  // Told to who reads, below; until then nobody waits for it.
  all.catch(() => undefined);
  try {
    while (running > 0 || ready.length > 0) {
      const next = ready.shift();
      if (next) {
        next.taken();
        yield next.value;
      } else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
    await all;
  } finally {
    over = true;
    for (const { taken } of ready) taken();
  }
}
