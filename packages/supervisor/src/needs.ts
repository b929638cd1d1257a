import { conditionOf } from "./graph.ts";
import type { ProcessRecord } from "./record.ts";
import type { CompleteSpec, Dependency } from "./spec.ts";

/** What is looked at of a process to decide about those that depend on it. */
export interface Standing {
  readonly name: string;
  readonly spec: CompleteSpec;
  readonly record: ProcessRecord;
  printed(pattern: string): boolean;
}

type Lookup = (name: string) => Standing | undefined;

/** Why a process may not be started yet, one sentence for each dependency that holds it back. */
export function unmetNeeds({ spec }: Pick<Standing, "spec">, lookup: Lookup): readonly string[] {
  return spec.dependsOn.flatMap((dependency) => {
    const target = lookup(dependency.on);
    if (!target) return [`"${dependency.on}" is not there`];
    const need = unmetNeed(dependency, target);
    return need === undefined ? [] : [`"${target.name}" is to ${need}; it is ${target.record.state}`];
  });
}

function unmetNeed(dependency: Dependency, target: Standing): string | undefined {
  const { state } = target.record;
  const condition = conditionOf(dependency, target.spec);
  if (dependency.condition === "log")
    return target.printed(dependency.pattern) ? undefined : `print a line that matches ${dependency.pattern}`;
  if (state === "completed" || state === condition || (condition === "started" && isRunning(target.record))) return undefined;
  return `be ${condition}`;
}

/** The command runs and was not told to stop. */
export function isRunning({ state, alive }: ProcessRecord): boolean {
  return (state === "starting" && alive) || state === "up" || state === "ready" || state === "unready";
}

/** Nothing of it is left, or it was given up because something is. */
export function isGone({ state }: ProcessRecord): boolean {
  return (
    state === "disabled" || state === "waiting" || state === "backoff" || state === "stopped" || state === "completed" || state === "failed"
  );
}

/** How a wish to start has gone so far. */
export type StartOutcome =
  | { readonly kind: "pending" | "done" }
  /** Not essential, and not there: it is tried on without anybody waiting. */
  | { readonly kind: "background"; readonly reason: string }
  /** Will not be there. `root` is whose fault it is: itself, or what it depends on. */
  | { readonly kind: "failed"; readonly reason: string; readonly root: string }
  | { readonly kind: "superseded"; readonly reason: string };

/** Looks at a process that was told to start. */
export function startOutcome(process: Standing, lookup: Lookup): StartOutcome {
  const { spec, record } = process;
  if (record.state === "completed" || record.state === "ready" || record.state === "unready") return { kind: "done" };
  if (record.state === "up") return { kind: spec.kind === "task" ? "pending" : "done" };
  const lost = (reason: string, root: string): StartOutcome =>
    spec.essential ? { kind: "failed", reason, root } : { kind: "background", reason };
  if (record.state === "failed") return lost(record.reason, process.name);
  if (record.desired === "stop") return { kind: "superseded", reason: record.reason };
  if (record.failures > 0 && !spec.essential) return { kind: "background", reason: record.reason };
  if (record.state !== "waiting") return { kind: "pending" };
  for (const { on } of spec.dependsOn) {
    const hope = hopeOf(on, lookup, new Set());
    if (hope === undefined) continue;
    if (hope.forGood) return lost(hope.reason, hope.root);
    if (!spec.essential) return { kind: "background", reason: hope.reason };
  }
  return { kind: "pending" };
}

interface Hope {
  readonly reason: string;
  /** Nothing that happens by itself will change it. */
  readonly forGood: boolean;
  /** The one that is to blame. */
  readonly root: string;
}

/** Why a dependency is not going to be there soon, if so. */
function hopeOf(name: string, lookup: Lookup, seen: Set<string>): Hope | undefined {
  const target = lookup(name);
  if (!target || seen.has(name)) return undefined;
  seen.add(name);
  const { record, spec } = target;
  if (record.state === "failed") return { reason: `"${name}" failed: ${record.reason}`, forGood: true, root: name };
  if (record.state === "disabled") return { reason: `"${name}" is disabled`, forGood: true, root: name };
  if (record.desired === "stop" && record.state !== "completed") return { reason: `"${name}" is stopped`, forGood: true, root: name };
  if (record.state === "backoff") return { reason: `"${name}" is tried again: ${record.reason}`, forGood: false, root: name };
  if (record.state !== "waiting") return undefined;
  for (const { on } of spec.dependsOn) {
    const hope = hopeOf(on, lookup, seen);
    if (hope) return hope;
  }
  return undefined;
}
