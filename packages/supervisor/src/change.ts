import { isDeepStrictEqual } from "node:util";
import { channelOf } from "./announcements.ts";
import type { CompleteSpec } from "./spec.ts";

/** What has to be done to get from one set of specifications to another. */
export interface Change {
  readonly added: readonly CompleteSpec[];
  readonly removed: readonly string[];
  /** What runs differs. */
  readonly replaced: readonly CompleteSpec[];
  /** Only how it is watched, restarted or stopped differs. */
  readonly updated: readonly CompleteSpec[];
}

/** Compares two sets by name. Probes that are functions are equal only if they are the same function. */
export function planChange(before: ReadonlyMap<string, CompleteSpec>, after: readonly CompleteSpec[]): Change {
  const names = new Set(after.map(({ name }) => name));
  const kept = after.flatMap((spec) => {
    const old = before.get(spec.name);
    return old && !isDeepStrictEqual(old, spec) ? [{ spec, replace: !isDeepStrictEqual(runOf(old), runOf(spec)) }] : [];
  });
  return {
    added: after.filter(({ name }) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !names.has(name)),
    replaced: kept.filter(({ replace }) => replace).map(({ spec }) => spec),
    updated: kept.filter(({ replace }) => !replace).map(({ spec }) => spec),
  };
}

/** The part of a specification that a running process was made from. */
function runOf(spec: CompleteSpec): unknown {
  const { kind, command, args, env, cwd, user, group, stdin, tty } = spec;
  // Whether there are checks decides between up and ready, and that is decided at the start.
  const checks = [spec.startup !== undefined, spec.ready !== undefined];
  return { kind, command, args, env, cwd, user, group, stdin, tty, channel: channelOf(spec), checks };
}
