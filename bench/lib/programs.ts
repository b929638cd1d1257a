import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scratch, StartOptions } from "./scratch.ts";

/** The program of this repository, as it is built. */
export const mothershipBin = join(import.meta.dirname, "../../apps/cli/bin/mothership.cjs");

/** Writes a configuration from `lib/config`, its `@NAMES@` filled in. */
export function configFile(scratch: Scratch, template: string, name: string, values: Readonly<Record<string, string | number>>): string {
  let text = readFileSync(join(import.meta.dirname, "config", template), "utf8");
  const all = { DIR: scratch.folder, NAME: name, LOCATIONS: "", CONNECTIONS: 8192, LISTEN: "", SERVER: "", SCHEME: "http", ...values };
  for (const [key, value] of Object.entries(all)) text = text.replaceAll(`@${key}@`, String(value));
  return scratch.write(`${name}.conf`, text);
}

/** Starts `mothership run` on a manifest, with a folder of its own for its sockets. */
export function startMothership(scratch: Scratch, name: string, manifest: string, core?: number, options: StartOptions = {}): ChildProcess {
  const path = scratch.write(join(name, "ship-manifest.toml"), manifest);
  const sockets = scratch.path(name, "s");
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  const env = { MS_SOCKET_DIR: sockets, XDG_RUNTIME_DIR: sockets, ...options.env };
  return scratch.start(core, process.execPath, [mothershipBin, "run", "-c", path], { ...options, env });
}
