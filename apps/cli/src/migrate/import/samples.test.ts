import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "@mothership/manifest";
import { describe, expect, test } from "vitest";
import { formatNote, inOrder } from "../note.ts";
import { writeDraft } from "./draft.ts";
import { importFile } from "./import-files.ts";

/** Files in the style of real projects, each with what becomes of it; written anew with `vitest run src/migrate/samples.test.ts -u`. */
const samples = join(import.meta.dirname, "../../../test/fixtures/import");

describe("a file in the style of", () => {
  test.each(readdirSync(samples))("%s becomes a valid manifest, with a note for each thing that is not in it", async (name) => {
    const folder = join(samples, name);
    const [file = ""] = readdirSync(folder).filter((one) => !one.startsWith(".") && !one.startsWith("expected"));
    const { imported } = await importFile({ path: join(folder, file), target: folder, allowCode: false });
    const text = writeDraft(imported.draft);
    expect(parseManifest(text).ships.length).toBeGreaterThan(0);
    await expect(text).toMatchFileSnapshot(join(folder, "expected.toml"));
    const notes = inOrder(imported.notes).map((note) => `${formatNote(note)}\n`);
    await expect(notes.join("")).toMatchFileSnapshot(join(folder, "expected.txt"));
  });
});
