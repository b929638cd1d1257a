import { once } from "node:events";
import { chmodSync } from "node:fs";
import { chmod, lstat, stat, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { type Address, type Clock, deadline, hasCode, messageOf } from "@mothership/kernel";
import { BindDeniedError, BindFailedError, BindInUseError } from "./errors.ts";

/** How long the owner of a socket file has to accept a connection before it is taken to be busy rather than gone. */
const probeMs = 1000;

/** What is listened on, and how. */
export interface SocketSpec {
  readonly name: string;
  readonly address: Address;
  /** Permissions of a Unix socket's file. */
  readonly mode?: number | undefined;
  readonly maxConnections: number;
  readonly sharesPort?: "first" | "further" | undefined;
}

/**
 * Binds one address and hands over each connection, half-open ones included. The file of a Unix socket is removed when the server closes.
 *
 * @throws {BindInUseError} | {BindDeniedError} | {BindFailedError}
 */
export async function bindSocket(spec: SocketSpec, onSocket: (socket: Socket) => void, clock: Clock): Promise<Server> {
  // Half-open: a client that has sent its request and closed its sending side still wants the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, onSocket);
  server.maxConnections = spec.maxConnections;
  try {
    await claim(server, spec, clock);
    if (spec.address.kind === "unix" && spec.mode !== undefined) await chmod(spec.address.path, spec.mode);
  } catch (error) {
    server.close();
    throw bindError(spec, (await folderProblem(spec.address, error)) ?? error);
  }
  // Without a listener an error of an open server (no descriptors left for accept) would end the process; the server goes on by itself.
  server.on("error", () => undefined);
  return server;
}

/** Gives the file of a Unix socket that is listened on the permissions that it would have been bound with. @throws what the system says */
export function setPermissions({ address, mode }: Pick<SocketSpec, "address" | "mode">): void {
  if (address.kind === "unix") chmodSync(address.path, mode ?? 0o777 & ~process.umask());
}

async function claim(server: Server, { address, name, sharesPort }: SocketSpec, clock: Clock): Promise<void> {
  // Whoever else shares ports would otherwise share this one with us, and get half of our clients.
  if (sharesPort === "first" && address.kind === "tcp") await assertUnused(address);
  try {
    await listening(server, address, sharesPort !== undefined);
  } catch (error) {
    if (address.kind !== "unix" || !hasCode(error, "EADDRINUSE")) throw error;
    // A socket file outlives a process that was killed. Only one that nobody answers on may be removed.
    if (!(await lstat(address.path)).isSocket())
      throw new BindInUseError(name, address, "there is a file of that name which is no socket; it was left alone");
    if (await answers(address.path, clock)) throw error;
    await unlink(address.path);
    await listening(server, address);
  }
}

async function listening(server: Server, address: Address, reusePort = false): Promise<void> {
  // `ipv6Only` stays off: "::" takes IPv4 as well, as people expect from it.
  server.listen(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port, reusePort });
  await once(server, "listening");
}

/** Binds alone for a moment, which the system refuses where anybody listens, sharing or not. */
async function assertUnused(address: Address): Promise<void> {
  const server = createServer();
  await listening(server, address);
  await new Promise((resolve) => server.close(resolve));
}

/** False only when the system says that nobody listens behind this file. */
async function answers(path: string, clock: Clock): Promise<boolean> {
  const socket = connect(path);
  using limit = deadline("probing a socket file", probeMs, clock);
  try {
    await once(socket, "connect", { signal: limit.signal });
    return true;
  } catch (error) {
    return !hasCode(error, "ECONNREFUSED") && !hasCode(error, "ENOENT");
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}

/** libuv reports a folder that is missing as one that may not be written. */
async function folderProblem(address: Address, error: unknown): Promise<unknown> {
  if (address.kind === "tcp" || !hasCode(error, "EACCES")) return undefined;
  return stat(dirname(address.path)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

/** What a person needs to know of a failure to listen: which bind, where, and who has to change what. */
export function bindError({ name, address }: Pick<SocketSpec, "name" | "address">, error: unknown): Error {
  if (error instanceof BindInUseError) return error;
  const options = { cause: error };
  if (hasCode(error, "EADDRINUSE"))
    return new BindInUseError(name, address, "something else already listens there; stop it, or give the bind another address", options);
  if (hasCode(error, "EACCES") || hasCode(error, "EPERM")) return new BindDeniedError(name, address, options);
  const reason = hasCode(error, "EADDRNOTAVAIL")
    ? "no interface of this machine has that address"
    : hasCode(error, "ENOTFOUND") || hasCode(error, "EAI_AGAIN")
      ? "there is no host of that name"
      : hasCode(error, "ENOENT")
        ? "the folder of the socket does not exist"
        : messageOf(error);
  return new BindFailedError(name, address, reason, options);
}
