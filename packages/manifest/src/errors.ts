import { MothershipError } from "@mothership/kernel";
import type { ManifestIssue } from "./issue.ts";

/** The manifest cannot be used. Holds every mistake that was found, in the order of the file. */
export class ManifestError extends MothershipError {
  readonly code = "MS_MANIFEST_INVALID";
  /** At least one, at most 100. */
  readonly issues: readonly ManifestIssue[];
  /** How many mistakes there are, those beyond the first 100 included. */
  readonly total: number;

  constructor(issues: readonly [ManifestIssue, ...ManifestIssue[]], total: number = issues.length, options?: ErrorOptions) {
    const [first] = issues;
    const place = first.line === undefined ? first.file : `${first.file}:${first.line}:${first.column ?? 1}`;
    super(`${place}  ${first.message}${total > 1 ? ` (and ${total - 1} more)` : ""}`, options);
    this.name = "ManifestError";
    this.issues = issues;
    this.total = total;
  }

  /** All mistakes, a line each, for whoever is told by another program. */
  get problems(): readonly string[] {
    const told = this.issues.map(({ file, line, column, message, hint }) => {
      const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
      return `${place}  ${message}${hint === undefined ? "" : ` (${hint})`}`;
    });
    return this.total > told.length ? [...told, `and ${this.total - told.length} more`] : told;
  }

  /** The code frame of the first mistake; "" when it has no place. */
  get frame(): string {
    return this.issues[0]?.frame ?? "";
  }
}

/** A value of `--only` or `--except` matches no tag, group or name, or the filter leaves nothing. */
export class SelectionError extends MothershipError {
  readonly code = "MS_SELECTION_EMPTY";
  /** The values that match nothing. */
  readonly unmatched: readonly string[];

  constructor(message: string, unmatched: readonly string[]) {
    super(message);
    this.name = "SelectionError";
    this.unmatched = unmatched;
  }
}
