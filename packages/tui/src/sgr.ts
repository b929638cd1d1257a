import type { Color, Span } from "./text.ts";

const colors: readonly (Color | undefined)[] = [undefined, "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const sequences = /\x1b(?:\[([\d;:]*)m|\[[0-?]*[ -/]*[@-~]?|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)/g;

/** The text of a program without its escape sequences. */
export function withoutEscapes(text: string): string {
  return text.includes("\x1b") ? text.replaceAll(sequences, "") : text;
}

/**
 * The output of a program with the colours it gave it; other escape sequences are left out. Of 256 and true colours nothing is
 * kept, for the terminal may not have them.
 */
export function styled(text: string): Span[] {
  if (!text.includes("\x1b")) return [{ text }];
  const spans: Span[] = [];
  let style: Omit<Span, "text"> = {};
  let from = 0;
  for (const match of text.matchAll(sequences)) {
    if (match.index > from) spans.push({ ...style, text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = after(style, match[1]);
  }
  if (from < text.length) spans.push({ ...style, text: text.slice(from) });
  return spans;
}

function after(style: Omit<Span, "text">, parameters: string): Omit<Span, "text"> {
  let now = style;
  const numbers = parameters.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] ?? 0;
    if (number === 38 || number === 48) {
      // 5;N is a colour of 256, 2;R;G;B any colour: their numbers mean nothing else.
      at += numbers[at + 1] === 5 ? 2 : numbers[at + 1] === 2 ? 4 : 0;
      if (number === 38) now = colored(now, undefined);
    } else now = one(now, number);
  }
  return now;
}

function one(style: Omit<Span, "text">, number: number): Omit<Span, "text"> {
  if (number === 0) return {};
  if (number === 1) return { ...style, bold: true };
  if (number === 2) return { ...style, dim: true };
  if (number === 7) return { ...style, inverse: true };
  if (number === 22) return { ...style, bold: false, dim: false };
  if (number === 27) return { ...style, inverse: false };
  if (number >= 30 && number <= 37) return colored(style, colors[number - 30]);
  if (number >= 90 && number <= 97) return colored(style, colors[number - 90]);
  return number === 39 ? colored(style, undefined) : style;
}

function colored({ color: _, ...style }: Omit<Span, "text">, color: Color | undefined): Omit<Span, "text"> {
  return color === undefined ? style : { ...style, color };
}
