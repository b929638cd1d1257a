import type { Note } from "../note.ts";
import type { ManifestDraft } from "./draft.ts";

/** What an importer gets besides the text. */
export interface ImportContext {
  /** How the file is called in messages and comments. */
  readonly file: string;
  /** A path of the original, as it is written in the manifest. */
  place(path: string): string;
}

/** What became of a file of another tool. */
export interface Imported {
  readonly draft: ManifestDraft;
  /** In the order of the original. */
  readonly notes: readonly Note[];
}
