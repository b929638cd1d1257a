import type { Draft, MemberDraft, Need, Reference } from "./draft.ts";
import type { IssueList } from "./issue.ts";
import { suggestion } from "./nearest.ts";
import { checkExpression } from "./normalize-units.ts";
import type { Ship } from "./types.ts";

/** What is waited for exists, is of a kind that can be waited for, and nothing waits for itself in the end. */
export function checkDependencies({ ships, bays, jobs }: Draft, issues: IssueList): void {
  const fleet = byName([...ships, ...bays]);
  const tasks = byName(jobs);
  for (const { needs } of [...ships, ...bays]) for (const need of needs) checkTarget(need, fleet, tasks, "ship or bay", issues);
  for (const { needs } of jobs) for (const need of needs) checkTarget(need, tasks, fleet, "prelaunch job", issues);
  for (const member of fleet.values())
    for (const need of member.needs) checkCondition(member.value, need, fleet.get(need.name)?.value, issues);
  checkCycles(fleet, issues);
  checkCycles(tasks, issues);
}

type Waiting = MemberDraft["value"];
type Members = ReadonlyMap<string, MemberDraft>;

function byName(members: readonly MemberDraft[]): Members {
  const map = new Map<string, MemberDraft>();
  for (const member of members) if (member.value.name !== "" && !map.has(member.value.name)) map.set(member.value.name, member);
  return map;
}

function checkTarget({ name, path }: Reference, own: Members, others: Members, kind: string, issues: IssueList): void {
  if (own.has(name)) return;
  const other = others.get(name);
  if (other?.value.kind === "job")
    issues.add(path, `"${name}" is a prelaunch job, and those end before any ship or bay starts`, { hint: "take it out of depends_on" });
  else if (other) issues.add(path, `"${name}" is a ${other.value.kind}, and a prelaunch job can only wait for other prelaunch jobs`);
  else
    issues.add(path, `there is no ${kind} named "${name}"`, {
      hint: () => suggestion(name, [...own.keys()], `there is no ${kind} at all`),
    });
}

/** What is waited for can come about. */
function checkCondition(waiting: Waiting, { dependency, path }: Need, target: Waiting | undefined, issues: IssueList): void {
  if (target === undefined || target.kind === "job") return;
  const { condition, pattern } = dependency;
  const at = condition === undefined ? path : [...path.slice(0, -1), "condition"];
  const once = target.kind === "ship" && target.oneshot;
  if (condition === "log" && pattern !== undefined) checkExpression(pattern, [...path.slice(0, -1), "pattern"], issues);
  if (condition === "completed" && target.restart.when === "always")
    issues.add(at, `"${target.name}" is never completed: it is restarted whenever it ends`, {
      hint: `write oneshot = true or restart = "on-failure" in "${target.name}", or wait for another condition`,
    });
  if (condition === "ready" && (once || (target.kind === "ship" && !hasReadiness(target))))
    issues.add(at, `"${target.name}" is never ready: ${once ? "it runs once" : "it has no check that would tell"}`, {
      hint: once ? 'write condition = "completed"' : `give "${target.name}" a healthcheck, or write condition = "started"`,
    });
  if (target.disabled && waiting.kind !== "job" && !waiting.disabled)
    issues.add(path, `"${target.name}" is disabled, so "${waiting.name}" would never start`, {
      hint: `disable "${waiting.name}" as well, or take "${target.name}" out of its depends_on`,
    });
}

/** Its address is looked at, or something else that it says tells when it is ready. */
function hasReadiness({ startup, readiness, routes, bind }: Ship): boolean {
  return startup !== undefined || readiness !== undefined || (routes.length > 0 && bind !== undefined);
}

/** `a -> b -> a`; of a long circle the beginning and the end. */
function circle(trail: readonly { readonly name: string }[], back: string): string {
  const names = trail.map(({ name }) => name);
  const around = [...names.slice(names.indexOf(back)), back];
  return (around.length > 12 ? [...around.slice(0, 6), "...", ...around.slice(-4)] : around).join(" -> ");
}

/** Reports each way back to a member that is still being followed. Without recursion: a chain may be long. */
function checkCycles(members: Members, issues: IssueList): void {
  const finished = new Set<string>();
  for (const start of members.keys()) {
    const trail: { readonly name: string; next: number }[] = finished.has(start) ? [] : [{ name: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let here = trail.at(-1); here; here = trail.at(-1)) {
      const need = members.get(here.name)?.needs[here.next++];
      if (!need) {
        trail.pop();
        onTrail.delete(here.name);
        finished.add(here.name);
      } else if (onTrail.has(need.name)) {
        issues.add(need.path, () => `nothing in this circle could ever start: ${circle(trail, need.name)}`);
      } else if (members.has(need.name) && !finished.has(need.name)) {
        trail.push({ name: need.name, next: 0 });
        onTrail.add(need.name);
      }
    }
  }
}
