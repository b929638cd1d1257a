import { delimiter, dirname, sep } from "node:path";
import type { Address } from "@mothership/kernel";
import type { Manifest, PrelaunchJob, Ship } from "@mothership/manifest";
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

/** The ships, as processes under supervision. */
export function planProcesses({ ships, folder }: Manifest, surroundings: Surroundings): ProcessSpec[] {
  return ships.map((ship) => ({
    ...common(ship, folder, surroundings),
    kind: ship.oneshot ? "task" : "service",
    essential: ship.critical,
    ...readiness(ship),
  }));
}

function common({ name, command, args, env, dependsOn }: PrelaunchJob | Ship, folder: string, surroundings: Surroundings): ProcessSpec {
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
