import { serveControl } from "@mothership/control";
import { runOnce } from "@mothership/flagship";
import { type AbortOptions, type Clock, type Closable, type Deps, hasCode, type Logger, messageOf } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { type LogSink, openSupervisor, runTasks } from "@mothership/supervisor";
import { checkUplinks, type UplinkReport } from "@mothership/uplinks";
import { type Edge, openEdge } from "./edge.ts";
import { UplinksDownError } from "./errors.ts";
import { RunningFleetControl } from "./fleet-control.ts";
import { planEdge } from "./plan/edge.ts";
import { coordinatorFor } from "./plan/election.ts";
import { planProcesses, planTasks, type Surroundings } from "./plan/processes.ts";
import { assertLaunchable } from "./preflight.ts";
import { type Mothership, RunningFleet } from "./running-fleet.ts";
import { StatusKeeper } from "./status.ts";
import { assertSupported } from "./supported.ts";

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
  assertSupported(manifest);
  const tasks = planTasks(manifest, surroundings);
  const processes = planProcesses(manifest, surroundings);

  let edge: Edge | undefined;
  const drain = async (name: string, options: { readonly signal: AbortSignal }): Promise<void> => await edge?.drain(name, options);
  // Opened before it is needed, so that the fleet can be looked at from the first phase on. It starts nothing by itself.
  const supervisor = openSupervisor(processes, { ...deps, sinks: [sink], drain });
  opened.push(supervisor);
  supervisor.events.on("stateChanged", ({ name, to }) => edge?.setAvailable(name, to === "up" || to === "ready"));
  const about = { version: options.version ?? "", path: options.file ?? "", read: options.read ?? (async () => manifest) };
  const control = new RunningFleetControl(manifest, { supervisor, keeper, deps, about, surroundings });
  const served = await openControl(control, options.controlSocket, deps);
  if (served) opened.push(served);

  keeper.move("advance"); // preflight
  await assertLaunchable(manifest, [...tasks, ...processes], deps);
  // Listeners open before any process runs, so that a taken port fails the launch while that costs nothing. Until a ship is ready it is answered 503.
  edge = await openEdge(planEdge(manifest), deps);
  opened.push(edge);
  control.attach(edge);
  signal?.throwIfAborted();

  assertReachable(await checkUplinks(manifest.mothership.uplinks, deps, { signal }));

  keeper.move("advance"); // electing
  const work = async (options: AbortOptions): Promise<void> => {
    keeper.move("advance"); // prelaunch
    await runTasks(tasks, { ...deps, sinks: [sink] }, options);
  };
  const role = await runOnce(work, coordinatorFor(manifest, surroundings, deps), { signal });
  if (role === "escort") keeper.move("advance"); // prelaunch: done by the flagship
  if (manifest.mothership.flagship.enabled) log.info("The prelaunch jobs are done", { role });

  keeper.move("advance"); // docking: no bays
  keeper.move("advance"); // launching
  await supervisor.start(undefined, { signal });
  signal?.throwIfAborted();
  return new RunningFleet({ supervisor, edge, control, served }, keeper, deps, force);
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
