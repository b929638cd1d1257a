import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { connectControl, controlFolder, controlPath, type FleetControl, fleetId } from "@mothership/control";
import type { Invocation } from "./command-line/args.ts";
import { manifestPath } from "./files/manifest-path.ts";

type Named = Pick<Invocation, "manifest">;

/** The manifest that the command line means, absolute and without links: what tells one fleet from another. */
export function manifestIdentity(invocation: Named): string {
  const path = resolve(manifestPath(invocation));
  try {
    return realpathSync(path);
  } catch {
    // A fleet may run on although its manifest was taken away; the socket is found by the name it had.
    return path;
  }
}

/** Where the fleet of this manifest is steered. */
export function controlSocket(invocation: Named): string {
  return controlPath(manifestIdentity(invocation), process.env);
}

/** The control of the fleet that runs from this manifest. Its calls reject with `NotRunningError` when there is none. */
export function fleetOf(invocation: Named): FleetControl {
  return connectControl(controlSocket(invocation));
}

/**
 * Where the bays of this fleet make their sockets: the folder that the user names, else one of this fleet alone, since bays of different
 * fleets may have one name.
 */
export function baySockets(invocation: Named): string {
  const own = process.env["MS_SOCKET_DIR"];
  return own || join(controlFolder(process.env), fleetId(manifestIdentity(invocation)).slice(0, 8));
}
