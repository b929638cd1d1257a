import type { RouteDraft } from "./draft.ts";
import { type IssueList, shown } from "./issue.ts";
import { defaults } from "./limits.ts";
import { readAnswer } from "./normalize-shields.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawRoute } from "./raw.ts";

/** A route in either form, with the places of its parts; nothing, with an issue, when it cannot be read. */
export function readRoute(
  written: Loose<string | RawRoute> | undefined,
  path: Path,
  bindNames: readonly string[],
  issues: IssueList,
): readonly RouteDraft[] {
  if (written === undefined) return [];
  if (typeof written === "string") return readShortRoute(written, path, bindNames, issues);
  const { bind = "", pattern = "", strip_prefix: stripPrefix, ua_filter: uaFilter, ja4h, action = defaults.routeAction } = written;
  const answer = readAnswer(action, written, path, issues);
  const part = (key: string, text: string) => ({ path: [...path, key], text, index: 0 });
  return [
    {
      route: {
        bind,
        pattern,
        ...(stripPrefix !== undefined && { stripPrefix }),
        ...(uaFilter !== undefined && { uaFilter }),
        ...(ja4h !== undefined && { ja4h }),
        ...(answer && { answer }),
      },
      bindAt: part("bind", bind),
      patternAt: part("pattern", pattern),
      stripPrefixAt: [...path, "strip_prefix"],
      uaFilterAt: part("ua_filter", uaFilter ?? ""),
      ja4hAt: part("ja4h", ja4h ?? ""),
    },
  ];
}

function readShortRoute(text: string, path: Path, bindNames: readonly string[], issues: IssueList): readonly RouteDraft[] {
  const colon = text.indexOf(":");
  if (colon <= 0 || colon === text.length - 1) {
    const [bind = "http"] = bindNames;
    const pattern = text.replaceAll(/^:|:$/g, "");
    issues.add(path, `${shown(text)} is not a route: a route is a bind, a colon and a pattern`, {
      expected: '"bind:pattern"',
      hint: pattern.startsWith("/") ? `write "${bind}:${pattern}"` : undefined,
    });
    return [];
  }
  const bind = text.slice(0, colon);
  const pattern = text.slice(colon + 1);
  const at = { path, text, index: 0 };
  return [
    { route: { bind, pattern }, bindAt: at, patternAt: { ...at, index: colon + 1 }, stripPrefixAt: path, uaFilterAt: at, ja4hAt: at },
  ];
}
