/** Lines shown before and after the one in question. */
const around = 1;
/** Characters of a line that are shown; of a longer one, the part around the column. */
const width = 120;

/**
 * The line and its neighbours with a mark under the column (both from 1).
 *
 * Passwords in URLs, values of keys that sound secret, and neighbours inside a text of several lines (a private key, for one) are
 * masked; what a terminal would act on is shown as a dot.
 */
export function codeFrame(text: string, line: number, column: number): string {
  const first = Math.max(1, line - around);
  const lines = linesFrom(text, first, line + around);
  const hidden = insideTexts(
    text,
    lines.map(({ start }) => start),
  );
  const digits = String(first + lines.length - 1).length;
  const out: string[] = [];
  for (const [index, { source }] of lines.entries()) {
    const number = first + index;
    const marked = number === line;
    const { text: shownLine, mark } = hidden[index] && !marked ? { text: "…", mark: 0 } : cut(mask(source, marked ? column - 1 : 0));
    out.push(`${marked ? ">" : " "} ${String(number).padStart(digits)} | ${shownLine}`.trimEnd());
    if (marked) out.push(`  ${" ".repeat(digits)} | ${" ".repeat(mark)}^`);
  }
  return out.join("\n");
}

interface MarkedLine {
  readonly text: string;
  /** Index in the text, from 0. */
  readonly mark: number;
}

interface SourceLine {
  readonly source: string;
  readonly start: number;
}

/** Of a long line, only this much is looked at for secrets, and may be shown. */
const scanned = 16_384;

function linesFrom(text: string, first: number, last: number): readonly SourceLine[] {
  const lines: SourceLine[] = [];
  let start = 0;
  for (let number = 1; number <= last; number++) {
    const end = text.indexOf("\n", start);
    if (number >= first) lines.push({ source: text.slice(start, end === -1 ? text.length : end).replace(/\r$/, ""), start });
    if (end === -1) break;
    start = end + 1;
  }
  return lines;
}

/** Which of these offsets (ascending) are inside a text in three quotes that begins before them. */
function insideTexts(text: string, offsets: readonly number[]): readonly boolean[] {
  const inside = offsets.map(() => false);
  const last = offsets.at(-1) ?? 0;
  // Comments and short texts are passed over, for they may hold three quotes too.
  const piece = /#[^\n]*|"{3}|'{3}|"[^"\n]*"?|'[^'\n]*'?/g;
  for (let found = piece.exec(text); found && found.index < last; found = piece.exec(text)) {
    const [quotes] = found;
    if (quotes !== '"'.repeat(3) && quotes !== "'".repeat(3)) continue;
    let end = text.indexOf(quotes, found.index + 3);
    while (end !== -1 && quotes.startsWith('"') && text[end - 1] === "\\") end = text.indexOf(quotes, end + 1);
    if (end === -1) end = text.length;
    for (const [index, offset] of offsets.entries()) if (offset > found.index && offset <= end) inside[index] = true;
    piece.lastIndex = end + 3;
  }
  return inside;
}

const secrets = [
  // The password of a URL.
  /(?<=[a-z][a-z\d+.-]*:\/\/[^\s/?#:@"']*:)[^\s/?#"']+(?=@)/gi,
  // The value of a key that sounds secret, with its quotes; to the end of the line where the closing ones are missing.
  /(?<=(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|private|key|auth)[\w.-]*["']?\s*=\s*)(?:["']{3}.*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[[{][^\]}]*[\]}]?|[^\s"',}\]]+)/gi,
];

function mask(line: string, column: number): MarkedLine {
  const from = Math.max(0, column - scanned / 2);
  let text = line.slice(from, from + scanned);
  let mark = Math.min(column - from, text.length);
  for (const pattern of secrets) {
    let removed = 0;
    const before = mark;
    text = text.replaceAll(pattern, (found, index: number) => {
      if (index + found.length <= before) removed += found.length - 3;
      else if (index < before) removed += before - index;
      return "***";
    });
    mark = before - removed;
  }
  return {
    text: text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => (c === "\t" ? " " : "·")),
    mark,
  };
}

function cut({ text, mark }: MarkedLine): MarkedLine {
  if (text.length <= width) return { text, mark };
  const from = Math.max(0, Math.min(mark - Math.floor(width / 2), text.length - width));
  const piece = text.slice(from, from + width);
  return {
    text: `${from > 0 ? "…" : ""}${piece}${from + width < text.length ? "…" : ""}`,
    mark: mark - from + (from > 0 ? 1 : 0),
  };
}
