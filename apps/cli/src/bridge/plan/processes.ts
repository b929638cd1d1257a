import { delimiter, dirname, sep } from "node:path";
import { bayEnvironment } from "@mothership/docking";
import type { Address } from "@mothership/kernel";
import type { Bay, Manifest, PrelaunchJob, Ship } from "@mothership/manifest";
import { connectCheck, type ProcessSpec } from "@mothership/supervisor";

/** What processes get from the program that starts them. */
export interface Surroundings {
  /** The environment that all processes inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Node that mothership runs on. */
  readonly execPath: string;
}

/** The prelaunch jobs, as tasks that wait for each other. */
export function planTasks({ mothership, folder }: Manifest, surroundings: Surroundings): ProcessSpec[] {
  return mothership.prelaunch.map((job) => ({ ...common(job, folder, surroundings), kind: "task", essential: true }));
}

/** Where bays listen, and how one knows that a bay has docked. */
export interface Docks {
  /** Folder of their sockets. */
  readonly folder: string;
  /** Resolves when the bay takes clients; rejects with the signal's reason. */
  ready(bay: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** The ships and bays, as processes under supervision, in the order of the manifest. */
export function planProcesses({ ships, bays, folder }: Manifest, surroundings: Surroundings, docks: Docks): ProcessSpec[] {
  const plans = [
    ...ships.map((ship) => ({ order: ship.order, spec: shipSpec(ship, folder, surroundings) })),
    ...bays.map((bay) => ({ order: bay.order, spec: baySpec(bay, folder, surroundings, docks) })),
  ];
  return plans.sort((a, b) => a.order - b.order).map(({ spec }) => spec);
}

function shipSpec(ship: Ship, folder: string, surroundings: Surroundings): ProcessSpec {
  return { ...common(ship, folder, surroundings), kind: ship.oneshot ? "task" : "service", essential: ship.critical, ...readiness(ship) };
}

/** A bay is ready when it has docked, and is started anew when it runs on without a link. */
function baySpec(bay: Bay, folder: string, surroundings: Surroundings, docks: Docks): ProcessSpec {
  const spec = common(bay, folder, surroundings);
  const probe = (options: { readonly signal: AbortSignal }): Promise<void> => docks.ready(bay.name, options);
  const environment = bayEnvironment(bay.name, docks.folder, bay.type);
  return { ...spec, env: { ...spec.env, ...environment }, kind: "service", essential: bay.critical, ready: { probe }, live: { probe } };
}

function common(
  { name, command, args, env, dependsOn }: PrelaunchJob | Ship | Bay,
  folder: string,
  surroundings: Surroundings,
): ProcessSpec {
  return { name, command, args, env: { ...inherited(surroundings), ...env }, dependsOn, ...(folder === "" ? {} : { cwd: folder }) };
}

/** A ship with a health check is ready when that passes; one that only has routes when its address takes connections. */
function readiness({ bind, healthcheck, routes, oneshot }: Ship): Partial<Pick<ProcessSpec, "ready">> {
  if (bind === undefined || oneshot) return {};
  if (healthcheck !== undefined) return { ready: { probe: { kind: "http", address: bind, path: healthcheck } } };
  return routes.length > 0 ? { ready: connectCheck(bind) } : {};
}

/**
 * The environment of mothership. If it runs on a Node that belongs to a project (inside `node_modules`), that Node's folder goes first on
 * the PATH, as `npm run` does it, so that `command = "node"` means the same one.
 */
function inherited({ env, execPath }: Surroundings): Record<string, string> {
  const own = Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
  if (!execPath.includes(`${sep}node_modules${sep}`)) return own;
  const folder = dirname(execPath);
  const path = own["PATH"]?.split(delimiter).filter((part) => part !== folder) ?? [];
  return { ...own, PATH: [folder, ...path].join(delimiter) };
}

/** Where ships are going to listen, with whose address it is: nothing else may listen there when they start. */
export function shipAddresses({ ships }: Manifest): { readonly ship: string; readonly address: Address }[] {
  return ships.flatMap(({ name, bind, oneshot }) => (bind && !oneshot ? [{ ship: name, address: bind }] : []));
}
