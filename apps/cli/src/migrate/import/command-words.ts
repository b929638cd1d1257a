/** How a command is written in a manifest. */
export interface CommandWords {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that stood in front of it. */
  readonly env: Readonly<Record<string, string>>;
}

/** Words with which a line is more than one program. */
const shellWords = new Set(
  ". : [ alias break case cd command eval exec exit export false for if read return set shift source test time trap true type ulimit umask until wait while".split(
    " ",
  ),
);

/**
 * A line that was written for a shell. One that is a program and its arguments becomes that, with the variables in `known` put in; all
 * others stay a line for `sh`. `exec` is put in front where it is one program, so that it gets signals itself.
 */
export function fromShellLine(line: string, known: Readonly<Record<string, string>>): CommandWords {
  const trimmed = line.trim();
  const words = plainWords(trimmed, known);
  if (words) {
    const rest = words.findIndex(({ text, quoted }) => quoted || !/^[A-Za-z_]\w*=/.test(text));
    const env = Object.fromEntries(
      words.slice(0, Math.max(rest, 0)).map(({ text }) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]),
    );
    const all = words.slice(Math.max(rest, 0)).map(({ text }) => text);
    const own = all[0] === "exec" && all.length > 1 && !all[1]?.startsWith("-") ? all.slice(1) : all;
    const [command = "", ...args] = own;
    if (rest !== -1 && command !== "" && !shellWords.has(command) && !command.includes(" ")) return { command, args, env };
  }
  return { command: "sh", args: ["-c", withExec(trimmed)], env: {} };
}

/** A line of words with quotes in which nothing else is special (as Python's shlex reads it). Undefined: a quote is not closed. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "\\") {
      if (at + 1 >= line.length) return undefined;
      at += 1;
      word = (word ?? "") + line.charAt(at);
    } else if (char === '"' || char === "'") {
      const [text, next] = quotedPart(line, at);
      if (next === undefined) return undefined;
      word = (word ?? "") + text;
      at = next;
    } else word = (word ?? "") + char;
  }
  return word === undefined ? words : [...words, word];
}

/** For a shell, whatever is in it. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The text between the quotes that begin at `start`, and where they end. */
function quotedPart(line: string, start: number): [text: string, end: number | undefined] {
  const quote = line.charAt(start);
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === quote) return [text, at];
    if (char === "\\" && quote === '"' && /["\\]/.test(line.charAt(at + 1))) at += 1;
    text += line.charAt(at);
  }
  return [text, undefined];
}

interface Word {
  readonly text: string;
  /** Its beginning was in quotes: it sets no variable. */
  readonly quoted: boolean;
}

/** The words of a line in which a shell would do nothing but split it; undefined where it would do more. */
function plainWords(line: string, known: Readonly<Record<string, string>>): readonly Word[] | undefined {
  const words: Word[] = [];
  let rest = line;
  while (rest !== "") {
    const word = /^(?:"(?:[^"\\`]|\\["\\$`])*"|'[^']*'|\\[^\n]|\$\{?\w+(?::?-\w*)?\}?|[^\s"'\\`$|&;<>()*?[\]{}#~!\n])+/.exec(rest)?.[0];
    if (word === undefined) return undefined;
    const unknown: string[] = [];
    const text = word.replaceAll(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|(\$(?:\w+|\{\w+(?::?-\w*)?\}))/g,
      (all: string, double?: string, single?: string, escaped?: string, variable?: string) => {
        if (single !== undefined) return single;
        if (escaped !== undefined) return escaped;
        const inside = (double ?? variable ?? all).replaceAll(/\\(["\\$`])|\$(\w+)|\$\{(\w+)(?::?-\w*)?\}/g, (_, char, plain, braced) => {
          if (char !== undefined) return char as string;
          const value = known[(plain ?? braced) as string];
          if (value === undefined) unknown.push((plain ?? braced) as string);
          return value ?? "";
        });
        return inside;
      },
    );
    // What is left of a dollar sign is something that only a shell understands.
    if (unknown.length > 0 || /\$/.test(word.replaceAll(/'[^']*'|\\\$|\$\w+|\$\{\w+(?::?-\w*)?\}/g, ""))) return undefined;
    words.push({ text, quoted: /^["']/.test(word) });
    rest = rest.slice(word.length);
    const space = /^[ \t]+/.exec(rest)?.[0] ?? "";
    if (space === "" && rest !== "") return undefined;
    rest = rest.slice(space.length);
  }
  return words.length === 0 ? undefined : words;
}

/** With `exec` where the line is one program: without it a shell stays in between and gets the signals. */
function withExec(line: string): string {
  const [, assignments = "", program = ""] = /^((?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|[^\s"']*)\s+)*)(.*)$/s.exec(line) ?? [];
  const first = /^[\w./-]+/.exec(program)?.[0] ?? "";
  const several = /[;&|\n`]|\$\(/.test(line.replaceAll(/'[^']*'|"[^"$`]*"/g, ""));
  return several || first === "" || shellWords.has(first) ? line : `${assignments}exec ${program}`;
}
