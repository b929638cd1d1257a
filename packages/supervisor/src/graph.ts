import { isAbsolute } from "node:path";
import { checkPattern } from "@mothership/patterns";
import { channelOf, ownPatterns } from "./announcements.ts";
import { SpecError } from "./errors.ts";
import type { CompleteSpec, Dependency } from "./spec.ts";

/** Checks that specifications fit together. @throws {SpecError} with every problem found. */
export function checkGraph(specs: readonly CompleteSpec[]): void {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const problems = specs.flatMap((spec) => [...nameProblems(spec), ...patternProblems(spec), ...dependencyProblems(spec, byName)]);
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name)) problems.push(`"${name}" is there twice`);
    seen.add(name);
  }
  const cycle = findCycle(specs);
  if (cycle) problems.push(`"${cycle[0]}" depends on itself: ${cycle.join(" -> ")}`);
  if (problems.length > 0) throw new SpecError(problems);
}

/** The condition of a dependency, which depends on the target where none was written. */
export function conditionOf(dependency: Dependency, target: CompleteSpec): "started" | "ready" | "completed" | "log" {
  if (dependency.condition) return dependency.condition;
  if (target.kind === "task") return "completed";
  return target.startup ? "ready" : "started";
}

/** For each name, the names that depend on it directly. */
export function dependentsOf(specs: readonly CompleteSpec[]): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>(specs.map((spec) => [spec.name, []]));
  for (const spec of specs) for (const { on } of spec.dependsOn) dependents.get(on)?.push(spec.name);
  return dependents;
}

/** These names and all that they depend on, directly or not. */
export function withDependencies(names: Iterable<string>, specs: ReadonlyMap<string, CompleteSpec>): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const { on } of specs.get(name)?.dependsOn ?? []) open.push(on);
  }
  return found;
}

function nameProblems(spec: CompleteSpec): readonly string[] {
  const { name, command, args, env, socketPath } = spec;
  const hasNul = (text: string): boolean => text.includes("\0");
  if (name === "" || hasNul(name)) return [`${JSON.stringify(name)} cannot be a name`];
  const problems: string[] = [];
  if (command === "" || hasNul(command)) problems.push(`"${name}" has no command that could be run`);
  if (args.some(hasNul)) problems.push(`"${name}" has an argument with a NUL in it`);
  if (spec.tty && channelOf(spec) !== undefined)
    problems.push(`"${name}" has a terminal, so a notify probe cannot be heard; use another probe`);
  if (socketPath !== undefined && (!isAbsolute(socketPath) || hasNul(socketPath)))
    problems.push(`"${name}" has a socket path that is not absolute, or that cannot be one: ${JSON.stringify(socketPath)}`);
  // The names only: a value may be a secret.
  for (const [key, value] of Object.entries(env))
    if (key === "" || key.includes("=") || hasNul(key) || hasNul(value))
      problems.push(`"${name}" has a variable ${JSON.stringify(key)} that cannot be in an environment`);
  return problems;
}

function patternProblems(spec: CompleteSpec): readonly string[] {
  return ownPatterns(spec).flatMap((pattern) =>
    isPattern(pattern) ? [] : [`"${spec.name}" has a check with an invalid pattern: ${pattern}`],
  );
}

function dependencyProblems(spec: CompleteSpec, byName: ReadonlyMap<string, CompleteSpec>): readonly string[] {
  return spec.dependsOn.flatMap((dependency) => {
    const target = byName.get(dependency.on);
    if (!target) return [`"${spec.name}" depends on "${dependency.on}", which is not there`];
    const where = `"${spec.name}" waits for "${target.name}" to be`;
    const condition = conditionOf(dependency, target);
    if (condition === "completed" && target.kind === "service" && target.restart.when === "always")
      return [`${where} completed, but it is a service that is always restarted`];
    if (condition === "ready" && !target.startup) return [`${where} ready, but it has no check that would tell`];
    if (dependency.condition === "log" && !isPattern(dependency.pattern))
      return [`"${spec.name}" waits for a line of "${target.name}" that matches an invalid pattern: ${dependency.pattern}`];
    return [];
  });
}

function isPattern(pattern: string): boolean {
  try {
    checkPattern(pattern);
    return true;
  } catch {
    // Which mistake it is matters less than whose: the specification names the process.
    return false;
  }
}

function findCycle(specs: readonly CompleteSpec[]): readonly string[] | undefined {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const done = new Set<string>();
  for (const { name: root } of specs) {
    // Depth first with a stack of our own: a chain of thousands must not overflow the call stack.
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { readonly name: string; readonly leave: boolean }[] = [{ name: root, leave: false }];
    for (let at = stack.pop(); at; at = stack.pop()) {
      if (at.leave) {
        onPath.delete(path.pop()!);
        done.add(at.name);
      } else if (onPath.has(at.name)) {
        return [...path.slice(path.indexOf(at.name)), at.name];
      } else if (!done.has(at.name)) {
        path.push(at.name);
        onPath.add(at.name);
        stack.push({ name: at.name, leave: true });
        for (const { on } of byName.get(at.name)?.dependsOn ?? []) stack.push({ name: on, leave: false });
      }
    }
  }
  return undefined;
}
