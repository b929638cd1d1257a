import { ensurePrivateFolder, fleetId, serveControl } from "@mothership/control";
import { bayAddress, socketFolder } from "@mothership/docking";
import { runOnce } from "@mothership/flagship";
import { type AbortOptions, type Clock, type Closable, type Deps, hasCode, type Logger, messageOf } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { type LogSink, openSupervisor, type ProcessSpec, runTasks, type Supervisor, sweepFleet } from "@mothership/supervisor";
import { checkUplinks, type UplinkReport } from "@mothership/uplinks";
import { type Edge, openEdge } from "./edge.ts";
import { UplinksDownError } from "./errors.ts";
import { RunningFleetControl } from "./fleet-control.ts";
import { openMetrics } from "./observe.ts";
import { type EdgePlan, planEdge } from "./plan/edge.ts";
import { coordinatorFor } from "./plan/election.ts";
import { type Docks, planProcesses, planTasks, type Surroundings } from "./plan/processes.ts";
import { assertLaunchable } from "./preflight.ts";
import { type Mothership, RunningFleet } from "./running-fleet.ts";
import { StatusKeeper } from "./status.ts";

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
  const { clock, log, sink, surroundings, signal, force } = options;
  const deps: Deps = { clock, log };
  const tasks = planTasks(manifest, surroundings);
  let edge: Edge | undefined;
  const folder = socketFolder(surroundings.env);
  const notYet = Promise.reject(new Error("the edge is not open"));
  notYet.catch(() => undefined);
  const docks: Docks = { folder, ready: (bay, options) => edge?.bayReady(bay, options) ?? notYet };
  const processesOf = (one: Manifest): ProcessSpec[] => planProcesses(one, surroundings, docks);
  const edgePlanOf = (one: Manifest): EdgePlan => planEdge(one, (bay) => bayAddress(bay, folder));
  const processes = processesOf(manifest);
  const drain = async (name: string, options: { readonly signal: AbortSignal }): Promise<void> => await edge?.drain(name, options);
  // Opened before it is needed, so that the fleet can be looked at from the first phase on. It starts nothing by itself.
  // The mark of its processes holds the place of the control socket, which is its lock: another fleet of the manifest, steered elsewhere, is not its own.
  const fleet = options.controlSocket === undefined ? {} : { fleetId: fleetId(options.controlSocket) };
  const supervisor = openSupervisor(processes, { ...deps, sinks: [sink], drain }, fleet);
  opened.push(supervisor);
  supervisor.events.on("stateChanged", ({ name, to }) => edge?.setAvailable(name, to === "up" || to === "ready"));
  const about = { version: options.version ?? "", path: options.file ?? "", read: options.read ?? (async () => manifest) };
  const control = new RunningFleetControl(manifest, { supervisor, keeper, deps, about, processesOf, edgePlanOf });
  const served = await openControl(control, options.controlSocket, deps);
  if (served) opened.push(served);
  // Whoever serves the control socket is the only one on this manifest, so what carries the fleet's mark is left over from one that was killed.
  if (served && fleet.fleetId !== undefined) await sweepFleet(fleet.fleetId, deps, { signal });

  keeper.move("advance"); // preflight
  await assertLaunchable(manifest, [...tasks, ...processes], deps);
  // Listeners open before any process runs, so that a taken port fails the launch while that costs nothing. Until a ship is ready it is answered 503.
  // Requests with their cookies go to whoever listens there.
  if (manifest.bays.length > 0) ensurePrivateFolder(folder);
  const port = manifest.mothership.metricsPort;
  const observed = { supervisor, members: () => control.members, edge: () => edge, status: () => keeper.status };
  const metrics = port === undefined ? undefined : await openMetrics(port, about.version, observed, deps);
  if (metrics) opened.push(metrics);
  const onBayFault = (bay: string, reason: string): void => endBay(supervisor, bay, reason, deps);
  edge = await openEdge(edgePlanOf(manifest), deps, { onBayFault, metrics: metrics?.metrics });
  opened.push(edge);
  control.attach(edge);
  signal?.throwIfAborted();

  assertReachable(await checkUplinks(manifest.mothership.uplinks, deps, { signal }));

  keeper.move("advance"); // electing
  const work = async (options: AbortOptions): Promise<void> => {
    keeper.move("advance"); // prelaunch
    await runTasks(tasks, { ...deps, sinks: [sink] }, { ...fleet, ...options });
  };
  const role = await runOnce(work, coordinatorFor(manifest, surroundings, deps), { signal });
  if (role === "escort") keeper.move("advance"); // prelaunch: done by the flagship
  if (manifest.mothership.flagship.enabled) log.info("The prelaunch jobs are done", { role });

  keeper.move("advance"); // docking
  const bays = manifest.bays.map(({ name }) => name);
  if (bays.length > 0) await supervisor.start(bays, { signal });

  keeper.move("advance"); // launching
  await supervisor.start(undefined, { signal });
  signal?.throwIfAborted();
  return new RunningFleet(
    { supervisor, edge, control, servers: [served, metrics].filter((one) => one !== undefined) },
    keeper,
    deps,
    force,
  );
}

/** A bay without its link is of no use and holds its clients: its process is ended, which counts as its failure and starts it anew. */
function endBay(supervisor: Supervisor, bay: string, reason: string, { log }: Deps): void {
  if (supervisor.signal(bay, "SIGTERM", { family: true })) log.warn("The link to a bay is gone, so its process is ended", { bay, reason });
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
