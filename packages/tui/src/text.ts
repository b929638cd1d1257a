import { charWidth } from "./char-width.ts";

export { bytes, span } from "./format.ts";
export { fleetColor, unitStyle } from "./tones.ts";
export { unblock } from "./unblock.ts";

/** Colours that every terminal with colours has. Black is left out: nobody sees it on black. */
export type Color = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "white";

/** How a piece of text looks. */
export interface Style {
  readonly color?: Color;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
}

/** A piece of text in one style. It may hold anything: `fit` makes it safe. */
export interface Span extends Style {
  readonly text: string;
}

/** One line of the screen. */
export type Line = readonly Span[];

const tabStop = 8;
const codes: Readonly<Record<Color, number>> = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, white: 37 };

/** Columns that a text takes. What `fit` drops counts nothing. */
export function width(text: string): number {
  let sum = 0;
  for (const char of text) sum += charWidth(char.codePointAt(0) ?? 0);
  return sum;
}

/**
 * The line from column `skip` on, cut to `columns` with an ellipsis where it is longer, and made safe to show: tabs become spaces, and
 * control characters, escape codes' first bytes and characters that change the direction of writing are dropped. A unit's name or output
 * may hold any bytes, and what reaches a terminal unfiltered can move the cursor, set the title or answer as if typed.
 */
export function fit(line: Line, columns: number, skip = 0): Line {
  const fitted: Span[] = [];
  const end = skip + columns;
  let at = 0;
  // Where the ellipsis would go: what is kept up to the last column but one.
  let short: { readonly spans: number; readonly text: string; readonly at: number } | undefined;
  for (const span of line) {
    let text = "";
    fitted.push({ ...span, text });
    for (const char of span.text) {
      const wide = char === "\t" ? tabStop - (at % tabStop) : charWidth(char.codePointAt(0) ?? 0);
      if (wide === 0 && !isMark(char)) continue;
      if (at + wide > end) {
        const keep = short ?? { spans: fitted.length, text, at };
        const last = fitted[keep.spans - 1] ?? span;
        const room = end - 1 - Math.max(keep.at, skip);
        return [...fitted.slice(0, keep.spans - 1), { ...last, text: columns > 0 ? `${keep.text}${" ".repeat(Math.max(0, room))}…` : "" }];
      }
      if (wide > 0 && short === undefined && at + wide > end - 1) short = { spans: fitted.length, text, at };
      const before = at;
      at += wide;
      if (at <= skip || (wide === 0 && before <= skip)) continue;
      if (char === "\t" || before < skip) text += " ".repeat(at - Math.max(before, skip));
      else text += char;
      fitted[fitted.length - 1] = { ...span, text };
    }
  }
  return fitted;
}

/** A text cut in the middle to at most `columns`, so that both its ends are seen: names often differ at their end. Not made safe: `fit` does that. */
export function shorten(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 1) return "";
  const half = Math.floor((columns - 1) / 2);
  const chars = [...text];
  const tail = takeWhileFits(chars.toReversed(), half).toReversed().join("");
  return `${takeWhileFits(chars, columns - 1 - width(tail)).join("")}…${tail}`;
}

function takeWhileFits(chars: readonly string[], columns: number): readonly string[] {
  let taken = 0;
  for (const [at, char] of chars.entries()) {
    taken += charWidth(char.codePointAt(0) ?? 0);
    if (taken > columns) return chars.slice(0, at);
  }
  return chars;
}

/** `fit`, filled up with spaces to exactly `columns`. */
export function pad(line: Line, columns: number, align: "left" | "right" = "left"): Line {
  const fitted = fit(line, columns);
  const missing = columns - lineWidth(fitted);
  if (missing <= 0) return fitted;
  // The filling looks like what it follows, so that an inverse row is inverse to its end.
  const { text: _, ...style } = fitted.at(-1) ?? { text: "" };
  const space = { ...style, text: " ".repeat(missing) };
  return align === "left" ? [...fitted, space] : [space, ...fitted];
}

/** `left` and `right` at the two ends of a line. Where both do not fit the left one is cut; where little of it would be left, the right one goes. */
export function between(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right) - 1;
  return room < Math.min(lineWidth(left), columns / 4) ? pad(left, columns) : [...pad(left, room), { text: " " }, ...right];
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + width(text), 0);
}

/** The text alone. */
export function plainText(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** A fitted line as the terminal takes it. Without colours what is left is bold, dim and inverse. */
export function paint(line: Line, { color }: { readonly color: boolean }): string {
  let painted = "";
  for (const span of line) {
    if (span.text === "") continue;
    const on = [
      ...(span.bold ? [1] : []),
      ...(span.dim ? [2] : []),
      ...(span.inverse ? [7] : []),
      ...(span.color && color ? [codes[span.color]] : []),
    ];
    painted += on.length > 0 ? `\x1b[${on.join(";")}m${span.text}\x1b[m` : span.text;
  }
  return painted;
}

function isMark(char: string): boolean {
  return /^\p{Mn}$/u.test(char) && !/^[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]$/u.test(char);
}
