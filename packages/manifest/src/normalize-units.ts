import { messageOf } from "@mothership/kernel";
import { checkPattern } from "@mothership/patterns";
import { parseDuration } from "./duration.ts";
import { type IssueList, shown } from "./issue.ts";
import type { Path } from "./positions.ts";
import { likelySize, parseSize } from "./size.ts";

/** A value of a table and where it stands. */
export interface Written<T> {
  readonly value: T;
  readonly path: Path;
}

/** Milliseconds of a duration; 0, with an issue, when it is none. `orNone`: "0s" is allowed. */
export function readDuration(text: string, path: Path, issues: IssueList, { orNone = false }: { readonly orNone?: boolean } = {}): number {
  if (orNone && /^0(?:ms|s|m|h)?$/.test(text)) return 0;
  const ms = parseDuration(text);
  if (ms === undefined) {
    const key = String(path.at(-1));
    const hint = /^\d+$/.test(text) && Number(text) > 0 ? `write ${key} = "${text}s" for seconds` : undefined;
    issues.add(path, `"${key}" must be a duration ${orNone ? "" : "above 0 and "}up to 24h`, { expected: '"10s", "500ms", "1m30s"', hint });
  }
  return ms ?? 0;
}

/** Bytes of a size between two bounds; 0, with an issue, when it is none. */
export function readSize(
  text: string,
  path: Path,
  issues: IssueList,
  { least = "1B", most = "1024GiB" }: { readonly least?: string; readonly most?: string } = {},
): number {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= (parseSize(least) ?? 0) && bytes <= (parseSize(most) ?? 0)) return bytes;
  const likely = bytes === undefined ? likelySize(text) : undefined;
  issues.add(path, `"${String(path.at(-1))}" must be a size from ${least} to ${most}, not ${shown(text)}`, {
    expected: '"512MiB", "64KiB", "1.5GiB"',
    hint: likely === undefined ? undefined : `write "${likely}"`,
  });
  return 0;
}

/** An issue, with the reason, unless the text is a pattern that can be matched in linear time. */
export function checkExpression(pattern: string, path: Path, issues: IssueList): void {
  try {
    checkPattern(pattern);
  } catch (error) {
    issues.add(path, messageOf(error), { expected: "a pattern over one line that can be matched in linear time" });
  }
}
