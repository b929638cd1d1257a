import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Address, parseAddress } from "@mothership/kernel";

/** The folder of the bays' sockets: `MS_SOCKET_DIR`, else `mothership` in `XDG_RUNTIME_DIR`, else `mothership` in the system's temporary folder. */
export function socketFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { MS_SOCKET_DIR: own, XDG_RUNTIME_DIR: runtime } = env;
  return resolve(own || join(runtime || tmpdir(), "mothership"));
}

/**
 * Where the bay of this name listens: `<folder>/<name>.sock`.
 *
 * @throws {AddressError} when the path is longer than a socket's may be (107 bytes on Linux, 103 elsewhere).
 */
export function bayAddress(name: string, folder: string): Extract<Address, { readonly kind: "unix" }> {
  const address = parseAddress(`unix://${join(folder, `${name}.sock`)}`);
  if (address.kind !== "unix") throw new TypeError("a unix:// address is of kind unix");
  return address;
}

/**
 * The five variables that a bay finds its way by; `type` is the `websocket` of `[[bays.websocket]]`, `pid` that of mothership.
 *
 * @throws {AddressError} as `bayAddress` does.
 */
export function bayEnvironment(name: string, folder: string, type: string, pid: number = process.pid): Readonly<Record<string, string>> {
  return {
    MS_PID: String(pid),
    MS_SHIP: name,
    MS_SOCKET_DIR: folder,
    MS_SOCKET_PATH: bayAddress(name, folder).path,
    MS_BAY_TYPE: type,
  };
}

/** The `config` of a bay as it travels: text stays, numbers and booleans become what they look like, and what is left becomes JSON. */
export function configStrings(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
