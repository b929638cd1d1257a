/** What only a shell makes something of. */
const shellSyntax = /[|&;<>$`*?~#(){}\n]/;

/**
 * How to write a whole command line as a program and its arguments: `write` says it in TOML. What only a shell understands stays in one
 * piece, for a shell. What is set in front of the program belongs into `env`; such values may be secrets and are not repeated.
 */
export function commandLineFix(line: string, write: (words: readonly string[]) => string): string {
  if (/^\s*\w+=/.test(line)) return 'write what is set in front as env = { NAME = "value" }, and the rest as a program and its arguments';
  return shellSyntax.test(line) ? `for a shell, write ${write(["sh", "-c", line])}` : `write ${write(wordsOf(line))}`;
}

/** The words of a line, as a shell splits it when nothing in it is special but quotes. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""));
}

/** `"a", "b"` */
export function quotedList(words: readonly string[]): string {
  return words.map((word) => JSON.stringify(word)).join(", ");
}
