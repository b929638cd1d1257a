import type { Note } from "../note.ts";
import type { IniEntry, IniSection } from "./ini.ts";

/** One section. Remembers what was asked for, so that nothing is left over unseen. */
export class SupervisordFields {
  readonly section: IniSection;
  readonly #seen = new Set<string>();
  readonly #notes: Note[] = [];

  constructor(section: IniSection) {
    this.section = section;
  }

  get notes(): readonly Note[] {
    return this.#notes;
  }

  text(key: string): string | undefined {
    this.#seen.add(key);
    return this.section.entries.get(key)?.value;
  }

  /** A whole number of `least` or more; anything else is left out with a note. */
  whole(key: string, least = 0): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    if (/^\d+$/.test(text.trim()) && Number(text) >= least) return Number(text);
    this.note(key, `"${key}" is no number that can be used, and is left out`);
    return undefined;
  }

  /** Entries that nothing has asked for. */
  unseen(): readonly IniEntry[] {
    return [...this.section.entries.values()].filter(({ key }) => !this.#seen.has(key));
  }

  note(key: string | undefined, what: string, advice?: string): void {
    const line = (key === undefined ? undefined : this.section.entries.get(key)?.line) ?? this.section.line;
    // One setting of a program with many processes is told once.
    if (this.#notes.some((note) => note.line === line && note.what === `[${this.section.name}] ${what}`)) return;
    this.#notes.push({ file: this.section.file, line, what: `[${this.section.name}] ${what}`, advice });
  }
}
