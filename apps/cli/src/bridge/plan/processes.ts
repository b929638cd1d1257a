import { delimiter, dirname, sep } from "node:path";
import { bayEnvironment } from "@mothership/docking";
import type { Address } from "@mothership/kernel";
import type { Bay, Manifest, PrelaunchJob, Ship } from "@mothership/manifest";
import type { Dependency, ProcessSpec } from "@mothership/supervisor";
import { shipChecks } from "./checks.ts";

/** What processes get from the program that starts them. */
export interface Surroundings {
  /** The environment that all processes inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Node that mothership runs on. */
  readonly execPath: string;
}

/** The prelaunch jobs, as tasks that wait for each other. */
export function planTasks({ mothership }: Manifest, surroundings: Surroundings): ProcessSpec[] {
  return mothership.prelaunch.map((job) => ({ ...processSpec(job, surroundings), kind: "task", essential: true }));
}

/** Where bays listen, and how one knows that a bay has docked. */
export interface Docks {
  /** Folder of their sockets. */
  readonly folder: string;
  /** Resolves when the bay takes clients; rejects with the signal's reason. */
  ready(bay: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** The ships and bays, as processes under supervision, in the order of the manifest. */
export function planProcesses({ ships, bays }: Manifest, surroundings: Surroundings, docks: Docks): ProcessSpec[] {
  const plans = [
    ...ships.map((ship) => ({ order: ship.order, spec: shipSpec(ship, surroundings) })),
    ...bays.map((bay) => ({ order: bay.order, spec: baySpec(bay, surroundings, docks) })),
  ];
  return plans.sort((a, b) => a.order - b.order).map(({ spec }) => spec);
}

function shipSpec(ship: Ship, surroundings: Surroundings): ProcessSpec {
  const socketPath = ship.bind?.kind === "unix" && !ship.oneshot ? ship.bind.path : undefined;
  const kind = ship.oneshot ? "task" : "service";
  return { ...memberSpec(ship, surroundings), kind, ...shipChecks(ship), ...(socketPath !== undefined && { socketPath }) };
}

/** A bay is ready when it has docked, and is started anew when it runs on without a link. */
function baySpec(bay: Bay, surroundings: Surroundings, docks: Docks): ProcessSpec {
  const spec = memberSpec(bay, surroundings);
  const probe = (options: { readonly signal: AbortSignal }): Promise<void> => docks.ready(bay.name, options);
  const env = { ...spec.env, ...bayEnvironment(bay.name, docks.folder, bay.type) };
  return { ...spec, env, kind: "service", startup: { probe, limitMs: bay.startupTimeoutMs }, ready: { probe }, live: { probe } };
}

/** What ships and bays have in common. */
function memberSpec(member: Ship | Bay, surroundings: Surroundings): ProcessSpec {
  const { critical: essential, disabled, memoryLimitBytes } = member;
  return { ...processSpec(member, surroundings), essential, disabled, ...(memoryLimitBytes !== undefined && { memoryLimitBytes }) };
}

/** What everything has that has a command. */
function processSpec(process: PrelaunchJob | Ship | Bay, surroundings: Surroundings): ProcessSpec {
  const { name, command, args, env, cwd, runAs, stdin, tty, restart, stop, log } = process;
  return {
    name,
    command,
    args,
    env: { ...inherited(surroundings), ...env },
    ...(cwd !== "" && { cwd }),
    ...runAs,
    stdin,
    tty,
    dependsOn: process.dependsOn.map(dependencyOf),
    restart,
    stop,
    log,
  };
}

function dependencyOf({ on, condition, pattern = "", onLost }: Ship["dependsOn"][number]): Dependency {
  if (condition === "log") return { on, condition, pattern, onLost };
  return { on, ...(condition && { condition }), onLost };
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
  return ships.flatMap(({ name, bind, oneshot, disabled }) => (bind && !oneshot && !disabled ? [{ ship: name, address: bind }] : []));
}
