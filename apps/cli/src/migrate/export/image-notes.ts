import { isAbsolute, relative } from "node:path";
import type { Note } from "../note.ts";
import type { ExportInput } from "./export-input.ts";

/** What has to be seen to when a fleet moves into a container. */
export function notesOfImage({ manifest, path }: ExportInput): Note[] {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const notes: Note[] = [];
  for (const { name, address } of manifest.mothership.binds) {
    if (address.kind === "unix")
      notes.push({ file, what: `bind "${name}" is a Unix socket, which stays in the container`, advice: "mount the folder that it is in" });
    else if (/^(127\.|localhost$|::1$)/.test(address.host))
      notes.push({
        file,
        what: `bind "${name}" listens on ${address.host}: nobody outside the container reaches it`,
        advice: `write "0.0.0.0:${address.port}"`,
      });
  }
  const files = [
    ...manifest.mothership.binds.flatMap(({ certificates }) => certificates.flatMap(({ cert, key }) => [cert.path, key.path])),
    ...manifest.mothership.staticDirs.map((folder) => folder.path),
    ...manifest.modules.map(({ wasm }) => wasm.path),
    ...[...manifest.ships, ...manifest.bays].map(({ cwd }) => cwd),
  ];
  for (const one of new Set(files.filter((one) => one !== "" && isAbsolute(one) && relative(manifest.folder, one).startsWith(".."))))
    notes.push({ file, what: `${one} is not in the folder of the manifest, and so not in the image`, advice: "copy or mount it" });
  if (manifest.mothership.metricsPort !== undefined)
    notes.push({
      file,
      what: "the metrics page listens on 127.0.0.1: nobody outside the container reaches it",
      advice: "let a ship beside it pass it on",
    });
  return notes;
}
