/** What runs in a further thread of the edge: the same request path from the same plan, told what to do by the main thread. */
import { parentPort, workerData } from "node:worker_threads";
import { type Deps, messageOf } from "@mothership/kernel";
import { createMetrics, type FleetMetrics } from "@mothership/metrics";
import { version } from "../../version.ts";
import { openEdge, type PreparedPlan, type ThreadEdge } from "../edge.ts";
import { AccessLines } from "./access-lines.ts";
import { clockFrom } from "./clock.ts";
import { Judgements } from "./judgements.ts";
import type { FromThread, PlainError, ThreadReport, ThreadRequest, ThreadStart, ToThread } from "./messages.ts";
import { relayedBay } from "./relay.ts";
import { planOfThread } from "./share.ts";
import { threadLogger } from "./thread-log.ts";

/** What was counted is handed over so often without being asked: a thread that dies takes no more than that with it. */
const reportMs = 1000;

async function serve({ version: running, thread, plan, available, relay, counts, clockOrigin }: ThreadStart): Promise<void> {
  if (running !== version) {
    const message = `version ${version} of mothership is on the disk and version ${running} runs; start the fleet anew`;
    post({ type: "failed", error: { message } });
    return;
  }
  const clock = clockFrom(clockOrigin);
  const deps: Deps = { clock, log: threadLogger(clock, post) };
  const metrics = counts ? createMetrics({ version: "" }, deps) : undefined;
  const access = new AccessLines(post);
  let edge: ThreadEdge;
  try {
    edge = await openEdge(planOfThread(plan, thread), deps, {
      metrics,
      available,
      onAccess: (line) => access.add(line),
      health: new Judgements(clock, post),
      openBay: (spec) => relayedBay(spec, relay, deps),
    });
  } catch (error) {
    post({ type: "failed", error: plainError(error) });
    return;
  }
  const waiting = new Map<number, AbortController>();
  const perform = performer(thread, edge, metrics);
  parentPort?.on("message", (message: ToThread) => {
    if (message.type === "accessTaken") access.taken(message.lines, message.characters);
    else if (message.type === "available") edge.setAvailable(message.upstream, message.available);
    else if (message.type === "abort") waiting.get(message.id)?.abort(new Error("the main thread waits no longer"));
    else {
      const { id } = message;
      const patience = new AbortController();
      waiting.set(id, patience);
      perform(message, patience.signal)
        .then(
          (report) => post({ type: "answer", id, report }),
          (error: unknown) => post({ type: "answer", id, error: plainError(error) }),
        )
        .finally(() => waiting.delete(id));
    }
  });
  post({ type: "opened" });
  if (!metrics) return;
  let underWay = false;
  for (;;) {
    await clock.sleep(reportMs);
    const report = reportOf(edge, metrics);
    const { routes, counters, inFlight } = report.tally;
    const busy = inFlight.some(([, count]) => count > 0);
    if (routes.length + counters.length > 0 || busy || underWay) post({ type: "report", report });
    underWay = busy;
  }
}

function performer(
  thread: number,
  edge: ThreadEdge,
  metrics: FleetMetrics | undefined,
): (request: ThreadRequest, signal: AbortSignal) => Promise<ThreadReport | undefined> {
  let prepared: PreparedPlan | undefined;
  let planning: Promise<unknown> = Promise.resolve();
  // One behind the other: a plan that is given up while it is still being prepared would otherwise stay open.
  const inTurn = async (work: () => Promise<void>): Promise<undefined> => {
    const done = planning.then(work);
    planning = done.catch(() => undefined);
    await done;
    return undefined;
  };
  return async (request, signal) => {
    switch (request.type) {
      case "prepare":
        return await inTurn(async () => {
          prepared = await edge.prepare(planOfThread(request.plan, thread));
        });
      case "commit":
        return await inTurn(async () => {
          prepared?.commit();
          prepared = undefined;
        });
      case "abandon":
        return await inTurn(async () => {
          await prepared?.abandon();
          prepared = undefined;
        });
      case "drain":
        await edge.drain(request.upstream, { signal });
        return undefined;
      case "report":
        return metrics && reportOf(edge, metrics);
      case "close":
        await edge.close({ signal });
        return metrics && reportOf(edge, metrics);
    }
  };
}

function reportOf(edge: ThreadEdge, metrics: FleetMetrics): ThreadReport {
  const held = edge.upstreams.flatMap((one) => (one.held > 0 ? [[one.name, one.held] as const] : []));
  return { tally: metrics.take(), payloads: edge.payloads, held };
}

function post(message: FromThread): void {
  parentPort?.postMessage(message);
}

function plainError(error: unknown): PlainError {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
  return { message: messageOf(error), code };
}

// Only this program starts it, with what the type says.
await serve(workerData as ThreadStart);
