import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hasCode, messageOf } from "@mothership/kernel";
import { ControlSocketError } from "./errors.ts";

/** The environment variables that say where sockets go. */
export type SocketEnvironment = Readonly<Record<string, string | undefined>>;

/** The folder of this user's control sockets: `MS_SOCKET_DIR`, else `$XDG_RUNTIME_DIR/mothership`, else one in the temporary folder. */
export function controlFolder(env: SocketEnvironment): string {
  if (env["MS_SOCKET_DIR"]) return env["MS_SOCKET_DIR"];
  if (env["XDG_RUNTIME_DIR"]) return join(env["XDG_RUNTIME_DIR"], "mothership");
  return join(tmpdir(), `mothership-${process.getuid?.() ?? "user"}`);
}

/** What tells one fleet from another on a machine: 16 hexadecimal digits of its manifest's absolute path. */
export function fleetId(manifest: string): string {
  return createHash("sha256").update(manifest).digest("hex").slice(0, 16);
}

/** Where the fleet of this manifest (an absolute path, links resolved) is steered. */
export function controlPath(manifest: string, env: SocketEnvironment): string {
  return join(controlFolder(env), `control-${fleetId(manifest)}.sock`);
}

/**
 * Makes a folder for sockets, for this user alone. In a folder that somebody else owns or may write, they could put a socket of theirs in
 * our place, and we would take orders, or hand out logs and cookies, there. A folder with the sticky bit is well: nobody can replace what is ours.
 *
 * @throws {ControlSocketError}
 */
export function ensurePrivateFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new ControlSocketError(`the folder ${folder} for sockets cannot be made: ${messageOf(error)}; name another in MS_SOCKET_DIR`, {
      cause: error,
    });
  }
  const stat = lstatSync(folder);
  const user = process.getuid?.();
  const othersMayWrite = (stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0;
  if (!stat.isDirectory() || (user !== undefined && stat.uid !== user) || othersMayWrite) {
    throw new ControlSocketError(
      `the folder ${folder} for sockets is not this user's alone: another user owns it or may write in it; name another in MS_SOCKET_DIR`,
    );
  }
}

/** Node's own recursive form never returns where a parent cannot be made although its own parent is there, as below /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "ENOENT") || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}
