import type { Closable, Deps } from "@mothership/kernel";
import type { MothershipSettings } from "@mothership/manifest";
import { createMetrics, type FleetMetrics, type Health, serveMetrics, type ThreadFigures } from "@mothership/metrics";
import type { Supervisor } from "@mothership/supervisor";
import type { Edge, ThreadState } from "./edge.ts";
import type { Status } from "./lifecycle.ts";
import type { Member } from "./units.ts";

/** What metrics are taken from. */
export interface Observed {
  readonly supervisor: Supervisor;
  /** Ships and bays by name, as the manifest in force has them. */
  readonly members: () => ReadonlyMap<string, Member>;
  /** undefined before it is open. */
  readonly edge: () => Edge | undefined;
  readonly status: () => Status;
}

/** Metrics, and the page that shows them on this port of the loopback. */
export interface ServedMetrics extends Closable {
  readonly metrics: FleetMetrics;
}

/** Nothing where there is no port. @throws {MetricsAddressError} when it cannot be listened on. */
export async function openMetrics(
  { metricsPort: port, metricsHosts: hosts }: Pick<MothershipSettings, "metricsPort" | "metricsHosts">,
  version: string,
  observed: Observed,
  deps: Deps,
): Promise<ServedMetrics | undefined> {
  if (port === undefined) return undefined;
  const metrics = createMetrics({ version }, deps);
  metrics.onScrape(() => collect(metrics, observed));
  observed.supervisor.events.on("probed", ({ name, check, result }) => {
    const member = observed.members().get(name);
    if (member) metrics.probed(name, groupOf(member), check, result.ok);
  });
  const server = await serveMetrics(
    metrics,
    {
      address: { kind: "tcp", host: "127.0.0.1", port },
      hosts,
      healthy: () => healthOf(observed.status(), observed.edge()?.threads ?? []),
    },
    deps,
  );
  return { metrics, close: (options) => server.close(options), [Symbol.asyncDispose]: () => server.close() };
}

/** Alive as long as it is not on its way out: a probe of liveness must not end a fleet that starts or recovers. */
function healthOf(status: Status, threads: readonly ThreadState[]): Health {
  const healthy = status !== "draining" && status !== "failed" && status !== "crashed" && status !== "landed";
  const { running, wanted } = figuresOf(threads);
  return { healthy, status, ...(wanted > 1 && { threads: { running, wanted } }) };
}

/** The main thread among them. */
function figuresOf(threads: readonly ThreadState[]): ThreadFigures {
  const running = 1 + threads.filter(({ state }) => state === "running").length;
  return { running, wanted: 1 + threads.length, lost: threads.reduce((sum, { lost }) => sum + lost, 0) };
}

async function collect(metrics: FleetMetrics, { supervisor, members, edge }: Observed): Promise<void> {
  await edge()?.refresh();
  const all = members();
  metrics.setShips(
    supervisor.snapshot().flatMap((process) => {
      const member = all.get(process.name);
      if (!member) return [];
      const { name, healthy, restarts, crashLoop, droppedLines, memory, pid, state } = process;
      const figures = { name, group: groupOf(member), kind: member.kind, up: pid !== undefined, restarts, crashLoop, droppedLines, memory };
      return [{ ...figures, healthy: healthy || state === "completed" }];
    }),
  );
  const open = edge();
  metrics.setBays(
    (open?.bays ?? []).flatMap(({ name, snapshot }) => {
      const member = all.get(name);
      return member ? [{ ...snapshot, name, group: groupOf(member) }] : [];
    }),
  );
  metrics.setModules(open?.payloads ?? []);
  metrics.setUpstreams(
    (open?.upstreams ?? []).map(({ name, held, breaker }) => ({ name, held, breaker: breaker === "trying" ? "half-open" : breaker })),
  );
  if (open) metrics.setThreads(figuresOf(open.threads));
}

function groupOf(member: Member): string {
  return member.kind === "bay" ? member.type : member.group;
}
