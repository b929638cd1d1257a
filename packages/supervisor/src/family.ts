import { prefixesIn } from "./cookie.ts";
import type { ProcessInfo } from "./process-table.ts";
import { startTicksOf } from "./process-table.ts";

/** How the processes that one started process brought forth are known. */
export interface Family {
  /** Pid of the started process: also the number of its group and session. 0 when nothing was started yet. */
  readonly leader: number;
  /** What their cookies begin with. */
  readonly cookiePrefix: string;
}

/** Who belongs to which family, in one pass: by group, session or cookie, or as a child of one who belongs. */
export function familiesOf<F extends Family>(
  table: readonly ProcessInfo[],
  families: readonly F[],
): ReadonlyMap<F, readonly ProcessInfo[]> {
  const byLeader = new Map(families.filter(({ leader }) => leader !== 0).map((family) => [family.leader, family]));
  const byPrefix = new Map(families.map((family) => [family.cookiePrefix, family]));
  const byPid = new Map(table.map((info) => [info.pid, info]));
  const owners = new Map<number, F | undefined>();

  const direct = ({ group, session, cookie }: ProcessInfo): F | undefined => {
    const known = byLeader.get(group) ?? byLeader.get(session);
    if (known || cookie === "") return known;
    const prefix = prefixesIn(cookie).find((one) => byPrefix.has(one));
    return prefix === undefined ? undefined : byPrefix.get(prefix);
  };

  const ownerOf = (info: ProcessInfo): F | undefined => {
    const line: ProcessInfo[] = [];
    let at: ProcessInfo | undefined = info;
    let owner: F | undefined;
    // Upwards until somebody is known. What is passed is noted first, so that a pid used anew during the scan cannot make a circle.
    while (at && !owners.has(at.pid)) {
      owner = direct(at);
      owners.set(at.pid, owner);
      if (owner) break;
      line.push(at);
      at = byPid.get(at.parent);
    }
    owner ??= at && owners.get(at.pid);
    for (const { pid } of line) owners.set(pid, owner);
    return owner;
  };

  const found = new Map<F, ProcessInfo[]>(families.map((family) => [family, []]));
  for (const info of table) {
    // The supervisor is never a member, even of a set whose cookie it carries by inheritance.
    if (info.pid === process.pid) continue;
    const owner = ownerOf(info);
    if (owner) found.get(owner)?.push(info);
  }
  return found;
}

/** Sends a signal to one member, unless its pid belongs to somebody else by now. False when it was not there. */
export function signalMember({ pid, startTicks }: Pick<ProcessInfo, "pid" | "startTicks">, signal: NodeJS.Signals): boolean {
  if (startTicks !== 0 && startTicksOf(pid) !== startTicks) return false;
  return send(pid, signal);
}

/** Sends a signal to a whole group. False when nobody is in it. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  return send(-leader, signal);
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    // ESRCH: gone. EPERM: runs as somebody else whom we may not touch; it will be found again and reported as stuck.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
