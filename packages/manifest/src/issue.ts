import { redact } from "@mothership/kernel";
import { codeFrame } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Path, Positions } from "./positions.ts";

/** One mistake in a manifest: plain data, safe to log (passwords in the source are masked). */
export interface ManifestIssue {
  /** As it was given to the loader. */
  readonly file: string;
  /** From 1. Absent when the mistake has no place, as for a file that cannot be read. */
  readonly line?: number;
  /** From 1, in UTF-16 units. */
  readonly column?: number;
  /** Where in the data: `fleet.web[0].command`; "" for the whole file. */
  readonly path: string;
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** What would be right: "true or false". */
  readonly expected?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The line and its neighbours, with a mark under the place. */
  readonly frame?: string;
}

/** A text that is only put together when it is wanted: comparing names takes time, and a file may hold ten thousand mistakes. */
export type Lazy = string | (() => string);

/** What a rule says besides its message. */
export interface IssueDetail {
  readonly expected?: string | undefined;
  readonly hint?: Lazy | undefined;
  /** Point to the key instead of the value. */
  readonly at?: "key";
}

/** A place inside a text value: some characters behind the start of the text. */
export interface Spot {
  readonly path: Path;
  /** The whole text that stands at the path. */
  readonly text: string;
  readonly index: number;
}

/** Longest message; what goes on is cut, for a value of the file may be part of it. */
const messageLength = 600;

/** Collects the mistakes of one text. */
export class IssueList {
  readonly file: string;
  readonly text: string;
  readonly positions: Positions;
  readonly #issues: { readonly offset: number; readonly issue: ManifestIssue }[] = [];
  readonly #seen = new Set<string>();
  #count = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.positions = new Positions(text);
  }

  /** How many were added, also those beyond the limit. */
  get count(): number {
    return this.#count;
  }

  /**
   * Notes a mistake at a value, or at a place inside a text. The same one again is left out: what is wrong in a template is found once for
   * each ship that inherits it.
   */
  add(where: Path | Spot, message: Lazy, detail: IssueDetail = {}): void {
    if (this.#count >= limits.issues) {
      this.#count++;
      return;
    }
    const spot = "path" in where ? where : undefined;
    const path = "path" in where ? where.path : where;
    const offset = spot ? this.#offsetIn(spot) : this.#offset(path, detail);
    const said = readable(message);
    const key = `${offset} ${said}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#count++;
    const { line, column } = this.positions.lineColumn(offset);
    this.#issues.push({
      offset,
      issue: {
        file: this.file,
        line,
        column,
        path: pathText(path),
        message: said,
        ...(detail.expected !== undefined && { expected: readable(detail.expected) }),
        ...(detail.hint !== undefined && { hint: readable(detail.hint) }),
        frame: codeFrame(this.text, line, column),
      },
    });
  }

  /** In the order of the file. */
  sorted(): readonly ManifestIssue[] {
    return this.#issues.toSorted((a, b) => a.offset - b.offset).map(({ issue }) => issue);
  }

  #offset(path: Path, { at }: IssueDetail): number {
    const place = this.positions.nearest(path);
    return at === "key" ? place.key : place.start;
  }

  #offsetIn({ path, text, index }: Spot): number {
    const { start, end } = this.positions.nearest(path);
    // With escapes in it, the text and its source do not run in step; then the start of the value is near enough.
    return this.text.slice(start + 1, end - 1) === text ? start + 1 + index : start;
  }
}

/** `fleet.web[0].env."A B"`: the way a path is shown. */
export function pathText(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += `${text ? "." : ""}${/^[\w-]+$/.test(step) ? step : shown(step)}`;
  }
  return text;
}

/** Text from the file in quotes, cut to a readable length. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

/** A ship in a message. One whose name is missing or wrong has none here: the place of the mistake tells which it is. */
export function shipCalled(name: string | undefined): string {
  return name ? `ship "${name}"` : "this ship";
}

/**
 * Cut to a length that can be read, without the passwords of URLs, and with what a terminal would act on, or what would change the order
 * of characters, escaped.
 */
function readable(text: Lazy): string {
  const whole = redact(typeof text === "string" ? text : text());
  const cut = whole.length > messageLength ? `${whole.slice(0, messageLength - 1)}…` : whole;
  return cut.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
