import type { Deps } from "@mothership/kernel";
import { messageOf } from "@mothership/kernel";
import { background } from "./background.ts";
import type { Cgroup } from "./cgroup.ts";
import type { Family } from "./family.ts";
import { familiesOf, signalGroup, signalMember } from "./family.ts";
import type { ProcessInfo, ProcessTable } from "./process-table.ts";

/** Between two looks at a family that is not empty: most are gone at once, so it begins quickly and doubles. */
const firstPauseMs = 5;
const longestPauseMs = 50;

export interface SweepSpec {
  readonly family: Family;
  /** What each member is sent before `kill`. */
  readonly signal: NodeJS.Signals;
  /** Members in other sessions are left alone. */
  readonly keepDetached: boolean;
  /** Whoever is in one of these is a member too. */
  readonly cgroups?: readonly Cgroup[];
}

/** The ending of a family, from the first signal until nobody is left. */
export interface Sweep {
  /** From now on SIGKILL, at once. */
  kill(): void;
  /** Those who were found at the last look. */
  readonly left: readonly number[];
  /** How many were found in all. */
  readonly count: number;
  /** Stops looking. `onEmpty` is not called any more. */
  end(): void;
}

/**
 * Signals every member of a family once, looks again until there is none, and then calls `onEmpty`.
 *
 * New members are signalled when they are found. After somebody was found, empty means: two looks in a row found nobody, for a member
 * may fork and end between the reading of its line and its child's.
 */
export function openSweep(spec: SweepSpec, table: ProcessTable, { clock, log }: Deps, onEmpty: () => void): Sweep {
  const { family } = spec;
  const told = new Set<string>();
  let killing = false;
  let ended = false;
  let foundAny = false;
  let emptyLooks = 0;
  let pauseMs = firstPauseMs;
  let left: readonly ProcessInfo[] = [];
  let timer: Disposable | undefined;

  const treat = (members: readonly ProcessInfo[]): void => {
    for (const member of members) {
      if (killing) signalMember(member, "SIGKILL");
      else if (!told.has(keyOf(member)) && signalMember(member, spec.signal)) signalMember(member, "SIGCONT");
      told.add(keyOf(member));
    }
  };

  /** What can be killed in one step is, so that nobody in it can start another meanwhile. */
  const killAtOnce = (): void => {
    if (!spec.keepDetached) for (const cgroup of spec.cgroups ?? []) cgroup.kill();
    if (family.leader !== 0 && left.length > 0) signalGroup(family.leader, "SIGKILL");
  };

  const look = async (): Promise<void> => {
    let unread = false;
    try {
      const everybody = await table.read();
      if (ended) return;
      const all = membersOf(everybody, spec);
      left = spec.keepDetached ? all.filter(({ session, group }) => (session || group) === family.leader) : all;
    } catch (error) {
      if (ended) return;
      log.warn("the processes of the machine could not be read", { reason: messageOf(error) });
      unread = true;
    }
    // Without the table the group can still be asked; a zombie in it then counts as somebody.
    const somebody = left.length > 0 || (unread && family.leader !== 0 && signalGroup(family.leader, killing ? "SIGKILL" : spec.signal));
    if (killing) killAtOnce();
    treat(left);
    foundAny ||= somebody;
    emptyLooks = somebody ? 0 : emptyLooks + 1;
    if (emptyLooks >= (foundAny ? 2 : 1)) {
      ended = true;
      onEmpty();
      return;
    }
    timer = clock.timer(emptyLooks > 0 ? 0 : pauseMs, () => background(look(), log));
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  };

  background(look(), log);
  return {
    kill: () => {
      killing = true;
      killAtOnce();
      treat(left);
    },
    get left() {
      return left.map(({ pid }) => pid);
    },
    get count() {
      return told.size;
    },
    end: () => {
      ended = true;
      timer?.[Symbol.dispose]();
    },
  };
}

function membersOf(everybody: readonly ProcessInfo[], { family, cgroups = [] }: SweepSpec): readonly ProcessInfo[] {
  const known = familiesOf(everybody, [family]).get(family) ?? [];
  const grouped = new Set(cgroups.flatMap((cgroup) => cgroup.pids()));
  for (const { pid } of known) grouped.delete(pid);
  return grouped.size === 0 ? known : [...known, ...everybody.filter(({ pid }) => grouped.has(pid) && pid !== process.pid)];
}

function keyOf({ pid, startTicks }: ProcessInfo): string {
  return `${pid}:${startTicks}`;
}
