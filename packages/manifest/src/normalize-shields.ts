import type { ShieldDraft } from "./draft.ts";
import { type IssueList, shown } from "./issue.ts";
import { limits } from "./limits.ts";
import { uniqueTexts } from "./normalize-values.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawShieldRule } from "./raw.ts";
import type { Block, Redirect, ShieldRule } from "./types.ts";

/** `[[shields.rules]]`, each with where it stands. */
export function normalizeRules(
  tables: readonly { readonly table: Loose<RawShieldRule>; readonly path: Path }[],
  issues: IssueList,
): readonly ShieldDraft[] {
  return tables.flatMap(({ table, path }, index): readonly ShieldDraft[] => {
    const { name = `rule-${index + 1}`, path: pattern, ua, cidr, ja4h } = table;
    const action = actionOf(table, path, issues);
    if (action === undefined) return [];
    const conditions = {
      ...(pattern !== undefined && { path: pattern }),
      ...(ua !== undefined && { ua }),
      ...(cidr !== undefined && { cidr: typeof cidr === "string" ? [cidr] : uniqueTexts(cidr) }),
      ...(ja4h !== undefined && { ja4h }),
    };
    return [{ value: { name, ...conditions, ...action }, path }];
  });
}

type Action = ShieldRule extends infer R ? (R extends ShieldRule ? Omit<R, "name" | "path" | "ua" | "cidr" | "ja4h"> : never) : never;

function actionOf(table: Loose<RawShieldRule>, path: Path, issues: IssueList): Action | undefined {
  const { action, header = "", value = "" } = table;
  if (action === undefined) return undefined;
  if (action !== "tag") foreignKeys(["header", "value"], "tag", table, path, issues);
  else
    for (const key of ["header", "value"] as const)
      if (!(key in table))
        issues.add([...path, "action"], `the action "tag" needs "${key}"`, {
          hint: `add ${key} = ${key === "header" ? '"X-Shield"' : '"known"'}`,
        });
  if (action === "tag") return { action, header, value };
  const answer = readAnswer(action, table, path, issues);
  return action === "block" || action === "redirect" ? answer : { action };
}

/** What a request is answered that is blocked or redirected; undefined for every other action. */
export function readAnswer(
  action: string,
  table: { readonly status?: number | undefined; readonly redirect_to?: string | undefined },
  path: Path,
  issues: IssueList,
): Block | Redirect | undefined {
  if (action !== "redirect") foreignKeys(["redirect_to"], "redirect", table, path, issues);
  if (action !== "redirect" && action !== "block") foreignKeys(["status"], 'block" or "redirect', table, path, issues);
  if (action === "block") {
    const { status = 403 } = table;
    if (status < 400 || status > 599) issues.add([...path, "status"], `a request is blocked with a status from 400 to 599, not ${status}`);
    return { action, status };
  }
  if (action !== "redirect") return undefined;
  const { status = 302, redirect_to: location } = table;
  if (!isRedirect(status)) issues.add([...path, "status"], `a request is redirected with 301, 302, 303, 307 or 308, not ${status}`);
  if (!("redirect_to" in table))
    issues.add([...path, "action"], 'the action "redirect" needs "redirect_to"', { hint: 'add redirect_to = "/sorry"' });
  else if (location !== undefined && !isLocation(location))
    issues.add([...path, "redirect_to"], `${shown(location)} is neither a path nor an http or https URL`, {
      expected: '"/sorry" or "https://example.com/sorry"',
    });
  return { action, location: location ?? "", status: isRedirect(status) ? status : 302 };
}

function foreignKeys(keys: readonly string[], action: string, table: object, path: Path, issues: IssueList): void {
  for (const key of keys)
    if (key in table)
      issues.add([...path, key], `"${key}" is for the action "${action}" only`, {
        at: "key",
        hint: `add action = "${action.split('"')[0]}"`,
      });
}

function isRedirect(status: number): status is Redirect["status"] {
  return [301, 302, 303, 307, 308].includes(status);
}

/** A path on the same host (`//host` would be another one) or an absolute URL, in characters that need no escape in a header. */
function isLocation(location: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(location) || location.includes("\\") || location.length > limits.locationLength) return false;
  if (location.startsWith("/")) return !location.startsWith("//");
  const url = URL.canParse(location) ? new URL(location) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
