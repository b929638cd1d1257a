import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { hasCode } from "@mothership/kernel";
import { formatIssues, type ManifestError, parseManifest } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { UsageError } from "../errors.ts";
import { importFormats } from "../migrate/import/detect.ts";
import { writeDraft } from "../migrate/import/draft.ts";
import { importFile } from "../migrate/import/import-files.ts";
import { formatNote, inOrder } from "../migrate/note.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * `mothership import FILE`: a manifest on standard output, or in `--output`, from the file of another tool; and on standard error each thing
 * that is not in it, or is in it in another form.
 */
export async function importCommand(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [path = ""] = invocation.operands;
  const format = importFormats.find((one) => one === invocation.from);
  if (invocation.from !== undefined && format === undefined)
    throw new UsageError(`"--from ${invocation.from}": write one of ${importFormats.join(", ")}`);
  const target = dirname(invocation.output ?? path);
  const allowCode = invocation["allow-code"];
  if (allowCode) terminal.err(`mothership: --allow-code: ${path} is run if it computes something\n`);
  const { format: found, imported } = await importFile({ path, format, target, environment: invocation.env, allowCode });
  const notes = inOrder(imported.notes);
  const text = writeDraft(imported.draft);
  const mistakes = mistakesOf(text);
  if (mistakes !== undefined) {
    for (const note of notes) terminal.err(`${formatNote(note)}\n`);
    terminal.err(`${formatIssues(mistakes, { color: terminal.color, columns: terminal.columns }).trimEnd()}\n`);
    terminal.err(`mothership: what ${path} says cannot all stand in a manifest, see above; nothing was written\n`);
    return exitCodes.failed;
  }
  if (invocation.output !== undefined) await writeNew(invocation.output, text);
  if (invocation.json) terminal.out(`${JSON.stringify({ format: found, manifest: text, notes })}\n`);
  else if (invocation.output === undefined) terminal.out(text);
  if (!invocation.json) for (const note of notes) terminal.err(`${formatNote(note)}\n`);
  if (invocation.output !== undefined && !invocation.json)
    terminal.out(`wrote ${invocation.output}; check it with "mothership clearance -c ${invocation.output}"\n`);
  return exitCodes.done;
}

function mistakesOf(text: string): ManifestError | undefined {
  try {
    parseManifest(text, { file: "the new manifest" });
    return undefined;
  } catch (error) {
    // The code says which class it is, whichever copy of the package made it.
    if (hasCode(error, "MS_MANIFEST_INVALID")) return error as unknown as ManifestError;
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw new UsageError(`${path} exists already and is left as it is; take another name for --output`);
    if (hasCode(error, "ENOENT")) throw new UsageError(`the folder ${dirname(path)} does not exist`);
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}`);
  }
}
