/** A file of sections, as Python's ConfigParser reads it with the settings of supervisord. */
export interface IniSection {
  /** What stands in the brackets. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly entries: ReadonlyMap<string, IniEntry>;
}

export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A line that could not be read. */
export interface IniProblem {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/**
 * Reads sections. `key=value` or `key: value`; a line that is indented goes on with the value before it; `;` and `#` begin a comment at the
 * start of a line or behind a blank. A later value of a key, and a later section of the same name, add to and replace the earlier ones.
 */
export function readIni(
  text: string,
  file: string,
): { readonly sections: readonly IniSection[]; readonly problems: readonly IniProblem[] } {
  const sections = new Map<string, IniSection & { readonly entries: Map<string, IniEntry> }>();
  const problems: IniProblem[] = [];
  let section: (IniSection & { readonly entries: Map<string, IniEntry> }) | undefined;
  let last: { readonly key: string; readonly indent: number } | undefined;
  for (const [at, raw] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    const line = at + 1;
    const content = withoutComment(raw);
    if (content.trim() === "") continue;
    const indent = content.search(/\S/);
    const header = /^\[([^\]]+)\]/.exec(content.trim())?.[1];
    const before = last === undefined ? undefined : section?.entries.get(last.key);
    if (section && last && before && indent > last.indent) {
      section.entries.set(last.key, { ...before, value: `${before.value}\n${content.trim()}` });
    } else if (header !== undefined) {
      section = sections.get(header) ?? { name: header, file, line, entries: new Map() };
      sections.set(header, section);
      last = undefined;
    } else {
      const pair = content.trim();
      // By hand: an expression for "anything, blanks, a sign" tries every blank again and again.
      const sign = pair.search(/[=:]/);
      const key = pair.slice(0, Math.max(sign, 0)).trim();
      if (key === "" || section === undefined) {
        problems.push({
          file,
          line,
          what: section === undefined ? "this stands before the first section and is left out" : "this is not key=value and is left out",
        });
        last = undefined;
        continue;
      }
      last = { key: key.toLowerCase(), indent };
      section.entries.set(last.key, { key: last.key, value: pair.slice(sign + 1).trim(), line });
    }
  }
  return { sections: [...sections.values()], problems };
}

function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)[;#]/);
  return at === -1 ? line : line.slice(0, at);
}
