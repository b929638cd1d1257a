import { hasCode, messageOf, redact } from "@mothership/kernel";
import { wrap } from "../terminal/wrap.ts";
import { printable } from "./log-sink.ts";

/** Why a fleet is not there (any more), in the order in which a person asks. */
export interface Failure {
  /** What failed, a sentence each. */
  readonly problems: readonly string[];
  /** The last lines of what failed; empty where nothing printed any. */
  readonly lines: readonly string[];
  /** Who printed them. */
  readonly unit: string | undefined;
  /** What to do. */
  readonly advice: string;
}

/** Lines of a unit that are shown: its own log has more. */
const shownLines = 8;

/** What kept a fleet from starting. */
export function failureOf(error: unknown): Failure {
  const problems = problemsOf(error);
  const lines = property(error, "lines", Array.isArray) ?? [];
  const unit = property(error, "job", isText) ?? property(error, "process", isText);
  return { problems, lines: lines.filter(isText), unit, advice: adviceOf(error, unit) };
}

/** What ended a fleet that ran. `lines`: of the unit that was lost. */
export function lossOf(unit: string, reason: string, lines: readonly string[]): Failure {
  return {
    problems: [`"${unit}" is lost, and the fleet cannot go on without it: ${reason}`],
    lines,
    unit,
    advice: `mend "${unit}" and start again; with critical = false in its table the fleet would go on without it`,
  };
}

/** What kept a fleet from starting, a sentence each. */
export function problemsOf(error: unknown): readonly string[] {
  const problems =
    hasCode(error, "MS_PREFLIGHT") || hasCode(error, "MS_UPLINKS_DOWN") ? property(error, "problems", Array.isArray) : undefined;
  return (problems?.filter(isText) ?? [messageOf(error)]).map(redact);
}

function adviceOf(error: unknown, unit: string | undefined): string {
  if (hasCode(error, "MS_JOB_FAILED")) return `nothing else was started; mend "${unit}" and start again`;
  if (hasCode(error, "MS_START_FAILED"))
    return `mend "${unit}" and start again; "--except ${unit}" starts the others, and with critical = false in its table they go on without it`;
  if (hasCode(error, "MS_UPLINKS_DOWN")) return 'nothing was started; "mothership preflight" tries them again without starting anything';
  if (hasCode(error, "MS_PREFLIGHT")) return "mend this and start again; nothing was started";
  return "";
}

/** The summary as text within `columns`. */
export function drawFailure(head: string, { problems, lines, unit, advice }: Failure, columns: number): string {
  const text = (words: string): string => wrap(printable(words), columns, 2);
  return [
    head,
    ...problems.map((problem) => `  ${text(problem)}`),
    ...(lines.length > 0
      ? [
          "",
          `  the last lines${unit === undefined ? "" : ` of ${printable(unit)}`}:`,
          ...lines.slice(-shownLines).map((line) => `  | ${printable(line)}`),
        ]
      : []),
    ...(advice === "" ? [] : ["", `  ${text(`what to do: ${advice}`)}`]),
    "",
  ].join("\n");
}

function property<T>(error: unknown, name: string, fits: (value: unknown) => value is T): T | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return fits(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
