import { type IssueList, type Spot, shown } from "./issue.ts";

/** Up to four beginnings of parts, joined by `_`. */
export function checkFingerprint(text: string, at: Spot, issues: IssueList): void {
  const parts = text.toLowerCase().split("_");
  const wrong =
    parts.every((part) => part === "") ||
    parts.length > 4 ||
    parts.some((part, index) => part.length > 12 || !(index === 0 ? /^\S*$/ : /^[\da-f]*$/).test(part));
  if (wrong)
    issues.add(at, `${shown(text)} is the beginning of no JA4H fingerprint`, {
      expected: 'four parts of up to 12 characters, joined by "_", each whole or its beginning',
    });
}
