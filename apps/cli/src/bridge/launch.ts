import { join } from "node:path";
import { type FleetControl, fleetId, serveControl } from "@mothership/control";
import { socketFolder } from "@mothership/docking";
import { runOnce } from "@mothership/flagship";
import { type AbortOptions, type Clock, type Closable, type Deps, deadline, hasCode, type Logger, messageOf } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { type LogSink, openSupervisor, type Supervisor, sweepFleet } from "@mothership/supervisor";
import { checkUplinks, type UplinkReport } from "@mothership/uplinks";
import { AccessSink, type StreamOutput } from "./access-sink.ts";
import { availabilityOf } from "./availability.ts";
import { openBaySockets } from "./bay-sockets.ts";
import { type Edge, openEdge } from "./edge.ts";
import { UplinksDownError } from "./errors.ts";
import { RunningFleetControl } from "./fleet-control.ts";
import { keepJournal } from "./journal.ts";
import { openMetrics } from "./observe.ts";
import type { EdgePlan } from "./plan/edge.ts";
import { coordinatorFor } from "./plan/election.ts";
import { plannerFor } from "./plan/fleet.ts";
import type { Surroundings } from "./plan/processes.ts";
import { assertLaunchable } from "./preflight.ts";
import { drainMsOf, type Mothership, RunningFleet } from "./running-fleet.ts";
import { StatusKeeper } from "./status-keeper.ts";
import { Suspects } from "./suspects.ts";
import { jobFailure } from "./terms.ts";
import { threadCount } from "./threads/count.ts";
import { openThreadedEdge } from "./threads/threaded-edge.ts";

export interface LaunchOptions extends AbortOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes every line that a process prints. */
  readonly sink: LogSink;
  readonly surroundings: Surroundings;
  /** When it fires, nobody is asked politely any more: connections are cut and processes killed. */
  readonly force?: AbortSignal | undefined;
  /** Where the fleet can be steered from outside. Default: nowhere. */
  readonly controlSocket?: string | undefined;
  /** The manifest's file, absolute. Default: "". */
  readonly file?: string | undefined;
  /** Reads the manifest again for a reload. Default: the same once more. @throws {ManifestError} */
  readonly read?: (() => Promise<Manifest>) | undefined;
  /** Hears of an essential process that is lost for good, also while launching; `exitCode` is what the program should end with. */
  readonly onEssentialLost?: ((lost: { readonly name: string; readonly exitCode: number; readonly reason: string }) => void) | undefined;
  /** Is given the control of the fleet before anything is started, to look at how it starts. */
  readonly onControl?: ((control: FleetControl) => void) | undefined;
  /** Folder of the sockets of bays. Default: as the docking protocol has it. */
  readonly baySockets?: string | undefined;
  /** Takes the access log where it goes to a stream. Default: the streams of this process. */
  readonly accessOutput?: StreamOutput | undefined;
  /** For whoever asks. Default: "". */
  readonly version?: string | undefined;
}

/**
 * Starts everything that the manifest asks for, phase after phase, and resolves when the fleet runs.
 *
 * If a phase fails or the signal fires, all that was started is ended before this rejects: with what failed, or with the signal's reason.
 */
export async function launch(manifest: Manifest, options: LaunchOptions): Promise<Mothership> {
  const { signal, force } = options;
  const keeper = new StatusKeeper(options.log);
  const opened: Closable[] = [];
  const stop = (): void => keeper.move("stop", "a stop was asked for");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    return await launchFleet(manifest, options, keeper, opened);
  } catch (error) {
    if (signal?.aborted) stop();
    else keeper.move("fail", messageOf(error));
    for (const one of opened.reverse()) await one.close({ signal: force });
    keeper.move("drained");
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

async function launchFleet(manifest: Manifest, options: LaunchOptions, keeper: StatusKeeper, opened: Closable[]): Promise<Mothership> {
  const { clock, log, sink, surroundings, signal, force, controlSocket, version = "", file = "" } = options;
  const deps: Deps = { clock, log };
  let edge: Edge | undefined;
  const planner = plannerFor(
    surroundings,
    options.baySockets ?? socketFolder(surroundings.env),
    async (bay, asked) => await edge?.bayReady(bay, asked),
  );
  const processes = planner.processesOf(manifest);
  const tasks = planner.tasksOf(manifest);

  // The mark of its processes holds the place of the control socket, which is its lock: a fleet that is steered elsewhere is another one.
  const mark = controlSocket === undefined ? {} : { fleetId: fleetId(controlSocket) };
  const { shutdownTimeoutMs: shutdownMs } = manifest.mothership;
  const drain = async (name: string, limit: { readonly signal: AbortSignal }): Promise<void> => await edge?.drain(name, limit);
  // Opened before it is needed, so that the fleet can be looked at from the first phase on. It starts nothing by itself.
  const supervisor = openSupervisor(processes, { ...deps, sinks: [sink], drain }, { ...mark, shutdownMs });
  opened.push(supervisor);
  keepJournal(supervisor, log);
  // The prelaunch jobs have one of their own, which is at its end when they are done: what they printed stays to be looked at.
  const jobs = openSupervisor(tasks, { ...deps, sinks: [sink] }, { ...mark, shutdownMs, memoryIntervalMs: 0 });
  opened.push(jobs);
  supervisor.events.on("essentialLost", (lost) => options.onEssentialLost?.(lost));
  const incarnations = new Map<string, number>();
  const route = ({ name }: { readonly name: string }): void => {
    const process = supervisor.get(name);
    const availability = availabilityOf(process);
    // One that was suspected wrongly, or that failed its check for a while, is the same process still.
    if (availability === true && incarnations.get(name) !== process.incarnation) {
      incarnations.set(name, process.incarnation);
      edge?.renewed(name);
    }
    edge?.setAvailable(name, availability);
  };
  // In this order a restart is known before the drain that it begins with.
  supervisor.events.on("restartingChanged", route);
  supervisor.events.on("stateChanged", route);
  const about = { version, path: file, read: options.read ?? (async () => manifest) };
  const control = new RunningFleetControl(manifest, { supervisor, jobs, keeper, deps, about, planner });
  options.onControl?.(control);
  const servers: Closable[] = [];
  const serve = (server: Closable | undefined): void => {
    if (server === undefined) return;
    servers.push(server);
    opened.push(server);
  };
  const served = await openControl(control, controlSocket, deps);
  serve(served);
  // Whoever serves the control socket is the only one on this manifest, so what carries the fleet's mark is left over from one that was killed.
  if (served && mark.fleetId !== undefined) {
    const left = await sweepFleet(mark.fleetId, deps, { signal });
    if (left > 0) log.warn("Ended what an earlier run of this fleet had left behind", { processes: left });
  }

  keeper.move("advance"); // preflight
  await assertLaunchable(manifest, [...tasks, ...processes], deps);
  // Requests with their cookies go to whoever listens in that folder.
  const baysNow = (): string[] => Array.from(control.members.values()).flatMap(({ name, kind }) => (kind === "bay" ? [name] : []));
  const sockets = manifest.bays.length > 0 ? openBaySockets(planner.socketFolder, baysNow) : undefined;
  // Closed last: bays take their own sockets away only when they end well.
  if (sockets) {
    opened.unshift(sockets);
    servers.push(sockets);
  }
  const observed = { supervisor, members: () => control.members, edge: () => edge, status: () => keeper.status };
  const metrics = await openMetrics(manifest.mothership, version, observed, deps);
  serve(metrics);
  // Listeners open before any process runs, so that a taken port fails the launch while that costs nothing. Until a ship is ready it is answered 503.
  const plan = planner.edgePlanOf(manifest);
  const onBayFault = (bay: string, reason: string): void => endBay(supervisor, bay, reason, deps);
  const access = new AccessSink({
    ...deps,
    target: () => control.manifest.mothership.accessLog?.to,
    output: options.accessOutput,
    onDropped: (lines) => metrics?.metrics.accessLinesDropped(lines),
  });
  serve(access);
  const suspects = new Suspects(clock);
  const onSuspect = (ship: string, reason: string): void => {
    if (!control.members.has(ship)) return;
    suspects.add(supervisor.get(ship));
    suspectShip(supervisor, ship, reason, deps);
  };
  const ofTheEdge = { onBayFault, onSuspect, onAccess: (line: string) => access.write(line), metrics: metrics?.metrics };
  const threads = threadCount(manifest, deps);
  // In the folder of bays, under a name that no bay can have: named by the fleet, so that what a killed one leaves is taken over by the next.
  const relay = join(planner.socketFolder, `.edge-${(mark.fleetId ?? String(process.pid)).slice(0, 8)}.sock`);
  const onAccessDropped = (lines: number): void => access.lost(lines);
  const ofThreads = { ...ofTheEdge, threads, relay, onAccessDropped };
  edge = threads === 1 ? await openEdge(plan, deps, ofTheEdge) : await openThreadedEdge(plan, deps, ofThreads);
  opened.push(within(drainMsOf(manifest), edge, clock));
  control.attach(edge);
  sayPlainHttps(plan, deps);
  signal?.throwIfAborted();
  assertReachable(await checkUplinks(manifest.mothership.uplinks, deps, { signal }));

  keeper.move("advance"); // electing
  const work = async (limit: AbortOptions): Promise<void> => {
    keeper.move("advance"); // prelaunch
    try {
      await jobs.start(undefined, limit);
    } catch (error) {
      throw jobFailure(error);
    } finally {
      await jobs.close();
    }
  };
  const role = await runOnce(work, coordinatorFor(manifest, surroundings, deps), { signal });
  if (role === "escort") {
    keeper.move("advance"); // prelaunch: done by the flagship
    control.jobsRunElsewhere();
  }
  if (manifest.mothership.flagship.enabled) log.info("The prelaunch jobs are done", { role });

  keeper.move("advance"); // docking
  const bays = manifest.bays.filter(({ disabled }) => !disabled).map(({ name }) => name);
  if (bays.length > 0) await supervisor.start(bays, { signal, leaveStopped: true });

  keeper.move("advance"); // launching
  await supervisor.start(undefined, { signal, leaveStopped: true });
  signal?.throwIfAborted();
  return new RunningFleet({ supervisor, edge, control, suspects, servers, drainMs: drainMsOf(manifest) }, keeper, deps, force);
}

/** The same, with so much time for its polite end. */
function within(ms: number, closable: Closable, clock: Clock): Closable {
  const close = async ({ signal }: AbortOptions = {}): Promise<void> => {
    using limit = deadline("finishing the requests that run", ms, clock, signal);
    await closable.close({ signal: limit.signal });
  };
  return { close, [Symbol.asyncDispose]: () => close() };
}

function sayPlainHttps({ listeners }: EdgePlan, { log }: Deps): void {
  for (const { name, secure } of listeners) {
    if (secure) log.info("A bind called https has no certificate: it takes plain HTTP from whatever ends TLS before it", { bind: name });
  }
}

/** A bay without its link is of no use and holds its clients: its process is ended, which counts as its failure and starts it anew. */
function endBay(supervisor: Supervisor, bay: string, reason: string, { log }: Deps): void {
  if (supervisor.signal(bay, "SIGTERM", { family: true })) log.warn("The link to a bay is gone, so its process is ended", { bay, reason });
}

/** It is given no requests until its check passes again, which is asked for at once. */
function suspectShip(supervisor: Supervisor, ship: string, reason: string, { log }: Deps): void {
  log.warn("Requests to a ship fail, so its health is looked at", { ship, reason });
  supervisor.suspect(ship, reason);
}

/** @throws {UplinksDownError} with all that are down. */
function assertReachable(reports: readonly UplinkReport[]): void {
  const down = reports.filter(({ ok }) => !ok);
  if (down.length > 0) throw new UplinksDownError(down);
}

/** A fleet that cannot be steered from outside still runs, as on a read-only system; one that runs twice must not. */
async function openControl(control: RunningFleetControl, path: string | undefined, deps: Deps): Promise<Closable | undefined> {
  if (path === undefined) return undefined;
  try {
    return await serveControl(control, path, deps);
  } catch (error) {
    if (!hasCode(error, "MS_CONTROL_SOCKET")) throw error;
    deps.log.warn("There is no control socket, so the fleet cannot be looked at or steered from outside", { reason: messageOf(error) });
    return undefined;
  }
}
