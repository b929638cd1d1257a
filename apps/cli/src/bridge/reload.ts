import type { ReloadPlan } from "@mothership/control";
import { type AbortOptions, type Deps, deadline, messageOf } from "@mothership/kernel";
import { diffManifests, type Manifest } from "@mothership/manifest";
import type { Supervisor } from "@mothership/supervisor";
import { availabilityOf } from "./availability.ts";
import type { Edge } from "./edge.ts";
import { ReloadRefusedError, RolledBackError } from "./errors.ts";
import type { Planner } from "./plan/fleet.ts";
import { assertStartable } from "./preflight.ts";

/** Settings that the edge takes in one step. */
const ofTheEdge: readonly string[] = ["staticDirs", "compression", "corsCache", "rateLimiting", "accessLog", "binds", "proxy"];
/** Settings that were used up at the start: another value holds from the next one on. */
const ofTheStart: readonly string[] = ["prelaunch", "uplinks", "flagship", "shutdownTimeoutMs"];

/** What a reload from one manifest to another would do. Pure. */
export function planOf(before: Manifest, next: Manifest): ReloadPlan {
  const { added, removed, changed, needsRestart, routing, modules, shields, settings } = diffManifests(before, next);
  // One that is disabled has no process: what it turns into is a start, and what turns into it an end.
  const [wasOff, isOff] = [disabledIn(before), disabledIn(next)];
  const starts = [...added.filter((name) => !isOff.has(name)), ...changed.filter((name) => wasOff.has(name) && !isOff.has(name))];
  const stops = [...removed, ...changed.filter((name) => isOff.has(name) && !wasOff.has(name))];
  const replaced = needsRestart.filter((name) => !wasOff.has(name) && !isOff.has(name));
  const told = new Set([...starts, ...stops, ...replaced]);
  const keysOf = (wanted: (setting: string) => boolean): string[] => settings.filter(wanted).map(keyOf).sort();
  const parts = [routing && "routes", modules && "modules", shields && "shields"].filter((part) => part !== false);
  const swapped = [...parts, ...keysOf((name) => ofTheEdge.includes(name))].sort();
  return {
    added: starts.sort(),
    removed: stops.sort(),
    replaced: replaced.sort(),
    updated: [...added, ...changed].filter((name) => !told.has(name)).sort(),
    edge: swapped.length > 0,
    swapped,
    needsRestart: keysOf((name) => !ofTheEdge.includes(name) && !ofTheStart.includes(name)),
    nextStart: keysOf((name) => ofTheStart.includes(name)),
  };
}

/** Names of the units that are disabled. */
function disabledIn({ ships, bays }: Manifest): ReadonlySet<string> {
  return new Set([...ships, ...bays].flatMap(({ name, disabled }) => (disabled ? [name] : [])));
}

/** A setting as the manifest writes it. */
function keyOf(setting: string): string {
  if (setting === "binds") return "bind";
  return setting.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export interface ReloadParts {
  readonly before: Manifest;
  readonly next: Manifest;
  /** Makes a manifest the one in force for whoever looks. */
  readonly adopt: (manifest: Manifest) => void;
  readonly supervisor: Supervisor;
  readonly edge: Edge | undefined;
  readonly planner: Planner;
  readonly deps: Deps;
}

/**
 * Goes from one manifest to the next: routes are swapped, then only those processes are touched whose definition changed.
 *
 * @throws {ReloadRefusedError} before anything is touched, when only a new start could do it; {RolledBackError} when something did not
 * become ready, with the manifest of before in force again.
 */
export async function reloadFleet(parts: ReloadParts, { signal }: AbortOptions): Promise<ReloadPlan> {
  const { before, next, adopt, supervisor, edge, planner, deps } = parts;
  const plan = planOf(before, next);
  if (plan.needsRestart.length > 0) throw new ReloadRefusedError(plan.needsRestart);
  const processes = planner.processesOf(next);
  const fresh = new Set([...plan.added, ...plan.replaced]);
  await assertStartable(
    next,
    before,
    processes.filter(({ name }) => fresh.has(name)),
    deps,
  );
  const use = async (manifest: Manifest): Promise<void> => {
    await edge?.replace(planner.edgePlanOf(manifest));
    adopt(manifest);
    // A process that goes on says nothing, so an upstream that is new for it has to be told what is known.
    for (const one of supervisor.snapshot()) if (!fresh.has(one.name)) edge?.setAvailable(one.name, availabilityOf(one));
  };
  await use(next);
  try {
    using patience = patienceWith(fresh, supervisor, deps, signal);
    await supervisor.apply(processes, { signal: patience.signal });
    await untilSettled(fresh, supervisor, deps, patience.signal);
  } catch (error) {
    deps.log.warn("A reload failed and is undone", { error });
    await use(before);
    await supervisor.apply(planner.processesOf(before));
    for (const one of supervisor.snapshot()) edge?.setAvailable(one.name, availabilityOf(one));
    throw new RolledBackError(messageOf(error), { cause: error });
  }
  for (const one of supervisor.snapshot()) edge?.setAvailable(one.name, availabilityOf(one));
  deps.log.info("The manifest was reloaded", { added: plan.added, removed: plan.removed, replaced: plan.replaced, updated: plan.updated });
  return plan;
}

/** A process without a check counts as started when it has been up for so long: one that cannot run mostly ends within it. */
const settleMs = 1_000;

/** Resolves when each of these is ready, has been up for a moment, or is not going to run. Rejects with the signal's reason. */
async function untilSettled(names: ReadonlySet<string>, supervisor: Supervisor, { clock }: Deps, signal: AbortSignal): Promise<void> {
  const unsettled = (name: string): boolean => {
    const { state, since, kind } = supervisor.get(name);
    if (state === "up") return kind === "service" && clock.wallTime() - since < settleMs;
    return state === "starting" || state === "backoff" || state === "sweeping";
  };
  while ([...names].some(unsettled)) await clock.sleep(settleMs, { signal });
}

/** What a reload waits for in all. */
const applyMs = 120_000;
/** A new process that fails so often in a row is not going to come up. */
const maxFailures = 3;

/** A signal that fires when one of the fresh processes has failed often enough, or all took too long. */
function patienceWith(
  fresh: ReadonlySet<string>,
  supervisor: Supervisor,
  { clock }: Deps,
  outer: AbortSignal | undefined,
): Disposable & { readonly signal: AbortSignal } {
  const lost = new AbortController();
  const limit = deadline("bringing up what changed", applyMs, clock, outer);
  const failures = new Map<string, number>();
  const watching = supervisor.events.on("stateChanged", ({ name, to, reason }) => {
    if (!fresh.has(name) || (to !== "backoff" && to !== "failed")) return;
    const count = (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    if (to === "failed" || count >= maxFailures) lost.abort(new Error(`"${name}" does not come up: ${reason}`));
  });
  return {
    signal: AbortSignal.any([lost.signal, limit.signal]),
    [Symbol.dispose]() {
      watching[Symbol.dispose]();
      limit[Symbol.dispose]();
    },
  };
}
