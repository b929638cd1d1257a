import { checkPattern } from "@mothership/patterns";
import type { Draft, RouteDraft } from "./draft.ts";
import { checkFingerprint } from "./fingerprint-text.ts";
import { type IssueList, type Spot, shipCalled, shown } from "./issue.ts";
import { suggestion } from "./nearest.ts";
import type { Path } from "./positions.ts";

/** User agent classes that a route may ask for. */
const agentFilters = ["browser", "chromium", "firefox", "safari", "llm", "bot"];

/** Routes lead from a bind that exists, by a pattern that can be matched, to something that listens. */
export function checkRoutes({ ships, bays, modules, staticDirs, bindNames }: Draft, issues: IssueList): void {
  for (const { value, routes, routesAt, hasBind } of ships)
    if (routes.length > 0 && !hasBind)
      issues.add(routesAt, `${shipCalled(value.name)} has routes and no bind, so nothing could be forwarded to it`, {
        hint: 'add bind = "tcp://127.0.0.1:3000", or whatever address it listens on',
      });
  for (const { routes } of [...ships, ...bays]) for (const route of routes) checkRoute(route, bindNames, issues);
  for (const { value, path } of staticDirs) {
    checkLeadingSlash(value.prefix, "prefix", [...path, "prefix"], issues);
    if (value.bind !== undefined) checkBind(value.bind, { path: [...path, "bind"], text: value.bind, index: 0 }, bindNames, issues);
  }
  for (const { patternsAt } of modules) for (const spot of patternsAt) checkModulePattern(spot, bindNames, issues);
}

function checkRoute(
  { route, bindAt, patternAt, stripPrefixAt, uaFilterAt, ja4hAt }: RouteDraft,
  bindNames: readonly string[],
  issues: IssueList,
): void {
  if (route.bind !== "") checkBind(route.bind, bindAt, bindNames, issues);
  if (route.pattern !== "") checkPatternAt(route.pattern, patternAt, issues);
  if (route.stripPrefix !== undefined) checkLeadingSlash(route.stripPrefix, "strip_prefix", stripPrefixAt, issues);
  if (route.uaFilter !== undefined) checkAgentFilter(route.uaFilter, uaFilterAt, issues);
  if (route.ja4h !== undefined) checkFingerprint(route.ja4h, ja4hAt, issues);
}

function checkBind(name: string, at: Spot, bindNames: readonly string[], issues: IssueList): void {
  if (bindNames.includes(name)) return;
  issues.add(at, `there is no bind named ${shown(name)}`, {
    hint: () => suggestion(name, bindNames, `no bind is declared; add ${name} = "0.0.0.0:8080" under [mothership.bind]`),
  });
}

function checkLeadingSlash(text: string, key: string, path: Path, issues: IssueList): void {
  if (!text.startsWith("/")) issues.add(path, `"${key}" must begin with "/"`, { expected: `a path such as ${shown(`/${text}`)}` });
}

/** A class of user agents, or `~` and a pattern. */
export function checkAgentFilter(filter: string, at: Spot, issues: IssueList): void {
  if (filter.startsWith("~") && filter.length > 1) checkPatternAt(filter.slice(1), { ...at, index: at.index + 1 }, issues);
  else if (!agentFilters.includes(filter))
    issues.add(at, `${shown(filter)} is not a user agent filter`, {
      expected: `${agentFilters.join(", ")}, or ~ and a pattern`,
      hint: filter === "~" ? "write the pattern behind the ~" : () => suggestion(filter, agentFilters, ""),
    });
}

function checkModulePattern(spot: Spot, bindNames: readonly string[], issues: IssueList): void {
  const bind = bindNames.find((name) => spot.text.startsWith(`${name}:`));
  if (bind !== undefined)
    issues.add(spot, "a route of a module is a pattern alone: modules see the requests of every bind", {
      hint: `write ${shown(spot.text.slice(bind.length + 1))}`,
    });
  else if (spot.text !== "") checkPatternAt(spot.text, spot, issues);
}

/** A pattern that can be matched in linear time. */
export function checkPatternAt(pattern: string, at: Spot, issues: IssueList): void {
  try {
    checkPattern(pattern);
  } catch (error) {
    if (!isPatternError(error)) throw error;
    issues.add({ ...at, index: at.index + error.position }, error.message, { expected: "a pattern that can be matched in linear time" });
  }
}

/** By its fields and not its class: two copies of the package may be installed. */
function isPatternError(error: unknown): error is Error & { readonly position: number } {
  return error instanceof Error && "code" in error && "position" in error && typeof error.position === "number";
}
