import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hasCode, messageOf } from "@mothership/kernel";
import { type Manifest, parseManifest } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { UsageError } from "../errors.ts";
import { makeFolder } from "../files/make-folder.ts";
import { manifestPath } from "../files/manifest-path.ts";
import { type Exported, type ExportInput, plainName } from "../migrate/export/export-input.ts";
import { namedOutside } from "../migrate/export/manifest-variables.ts";
import { formatNote } from "../migrate/note.ts";
import type { Terminal } from "../terminal/terminal.ts";

const targets = ["systemd", "compose", "kubernetes"] as const;

/**
 * `mothership export systemd|compose|kubernetes [MANIFEST]`: what runs this fleet there, on standard output or as files in `--output`; and on
 * standard error what cannot be said there.
 */
export async function exportCommand(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [word, file = manifestPath(invocation)] = invocation.operands;
  const target = targets.find((one) => one === word);
  if (target === undefined) throw new UsageError(`"export ${word}": write one of ${targets.join(", ")}`);
  const path = resolve(file);
  const text = await contentOf(file);
  const manifest = readHere(text, file, dirname(path));
  const name = plainName(basename(dirname(path))) ?? "fleet";
  const input: ExportInput = {
    manifest,
    text,
    path,
    name,
    image: invocation.image ?? name,
    program: [process.execPath, process.argv[1] ?? "mothership"],
    ...namedOutside(text),
  };
  const { files, notes } = await exported(target, input, invocation["per-ship"]);
  if (invocation.output === undefined)
    terminal.out(files.map((one) => (files.length === 1 ? one.text : `# file: ${one.name}\n${one.text}`)).join("\n"));
  else {
    await makeFolder(resolve(invocation.output)).catch((error: unknown) => {
      throw new UsageError(`"--output ${invocation.output}": the folder cannot be made: ${messageOf(error)}`);
    });
    for (const one of files) await writeNew(join(invocation.output, one.name), one.text);
    terminal.out(`wrote ${files.map((one) => one.name).join(", ")} to ${invocation.output}\n`);
  }
  for (const note of notes) terminal.err(`${formatNote(note)}\n`);
  return exitCodes.done;
}

/** A manifest for another place: what it takes from the environment there need not be set here. */
function readHere(text: string, file: string, folder: string): Manifest {
  try {
    return parseManifest(text, { file, folder, env: process.env });
  } catch (mistakes) {
    if (!hasCode(mistakes, "MS_MANIFEST_INVALID")) throw mistakes;
    const unset = standInsFor(text).filter(([name]) => (process.env[name] ?? "") === "");
    if (unset.length === 0) throw mistakes;
    return parseManifest(text, { file, folder, env: { ...process.env, ...Object.fromEntries(unset) } });
  }
}

function standInsFor(text: string): (readonly [string, string])[] {
  try {
    return [...namedOutside(text).standIns];
  } catch {
    // It is no TOML, which the mistakes say already.
    return [];
  }
}

async function exported(target: (typeof targets)[number], input: ExportInput, perShip: boolean): Promise<Exported> {
  switch (target) {
    case "systemd":
      return perShip
        ? (await import("../migrate/export/export-systemd-ships.ts")).exportSystemdShips(input)
        : (await import("../migrate/export/export-systemd.ts")).exportSystemd(input);
    case "compose":
      return perShip
        ? (await import("../migrate/export/export-compose-ships.ts")).exportComposeShips(input)
        : (await import("../migrate/export/export-compose.ts")).exportCompose(input);
    case "kubernetes":
      return perShip
        ? (await import("../migrate/export/export-kubernetes-ships.ts")).exportKubernetesShips(input)
        : (await import("../migrate/export/export-kubernetes.ts")).exportKubernetes(input);
  }
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown reason";
    throw new UsageError(`${path} ${code === "ENOENT" ? "does not exist" : `cannot be read: ${code}`}; name the manifest, or -c FILE`);
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if (hasCode(error, "EEXIST")) throw new UsageError(`${path} exists already and is left as it is; take another folder for --output`);
    throw new UsageError(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}`);
  }
}
