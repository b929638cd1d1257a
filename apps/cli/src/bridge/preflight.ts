import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { type Address, type Deps, deadline, formatAddress } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { checkCommands, type ProcessSpec } from "@mothership/supervisor";
import { PreflightError } from "./errors.ts";
import { unwritableLogs } from "./log-files.ts";
import { shipAddresses } from "./plan/processes.ts";
import { threadsProblem } from "./threads/count.ts";

/** How long a look at an address may take: it is on this machine, so an answer that is late is no answer. */
const lookMs = 1000;

/**
 * Looks at everything that can be known before a process is started: commands, folders, log files, addresses of ships.
 *
 * @throws {PreflightError} with everything that is wrong.
 */
export async function assertLaunchable(manifest: Manifest, specs: readonly ProcessSpec[], deps: Deps): Promise<void> {
  const commands = missingCommands(specs);
  const [folders, logs, addresses] = await Promise.all([
    missingFolders(manifest),
    unwritableLogs(manifest),
    takenAddresses(shipAddresses(manifest), deps),
  ]);
  const threads = threadsProblem(manifest);
  const problems = [...(threads === undefined ? [] : [threads]), ...commands, ...folders, ...logs, ...addresses];
  if (problems.length > 0) throw new PreflightError(problems);
}

/**
 * What of that concerns processes which a reload is going to start: their commands, log files that are new, and the addresses of those
 * that did not listen there before. @throws {PreflightError}
 */
export async function assertStartable(next: Manifest, before: Manifest, specs: readonly ProcessSpec[], deps: Deps): Promise<void> {
  const held = new Set(shipAddresses(before).map(({ address }) => formatAddress(address)));
  const wanted = shipAddresses(next).filter(({ address }) => !held.has(formatAddress(address)));
  const [logs, addresses] = await Promise.all([unwritableLogs(next, before), takenAddresses(wanted, deps)]);
  const problems = [...missingCommands(specs), ...logs, ...addresses];
  if (problems.length > 0) throw new PreflightError(problems);
}

/** What is disabled may lack its command: it is not going to be started. */
function missingCommands(specs: readonly ProcessSpec[]): string[] {
  return checkCommands(specs.filter(({ disabled }) => !disabled)).map(({ message }) => message);
}

/** Why processes of the manifest cannot have the terminals that they are to have (`tty`). Their commands are not looked for. */
export function missingTerminals({ ships, bays, mothership }: Manifest): string[] {
  const started = [...mothership.prelaunch, ...[...ships, ...bays].filter(({ disabled }) => !disabled)];
  const wanted = started.filter(({ tty }) => tty).map(({ name, command, args, env }) => ({ name, command, args, env, tty: true }));
  return checkCommands(wanted).flatMap(({ code, message }) => (code === "ENOTTY" ? [message] : []));
}

async function missingFolders({ mothership }: Manifest): Promise<string[]> {
  const looks = mothership.staticDirs.map(async ({ path, written, prefix }) => {
    const found = await stat(path).catch(() => undefined);
    return found?.isDirectory()
      ? []
      : [`the static folder "${written}" of prefix "${prefix}" ${found ? "is not a folder" : "does not exist"} (looked for ${path})`];
  });
  const pages = mothership.proxy.errorPages;
  const found = pages && (await stat(pages.path).catch(() => undefined));
  const noPages =
    pages && !found?.isDirectory()
      ? [`the folder of error pages "${pages.written}" ${found ? "is not a folder" : "does not exist"} (looked for ${pages.path})`]
      : [];
  return [...(await Promise.all(looks)).flat(), ...noPages];
}

// A ship whose port somebody else holds would crash for ever, or worse: its health check would pass against the stranger.
async function takenAddresses(wanted: ReturnType<typeof shipAddresses>, deps: Deps): Promise<string[]> {
  const looks = wanted.map(async ({ ship, address }) =>
    (await answers(address, deps))
      ? [`ship "${ship}" is to listen on ${formatAddress(address)}, but something else already does; stop that, or change the ship's bind`]
      : [],
  );
  return (await Promise.all(looks)).flat();
}

async function answers(address: Address, { clock }: Deps): Promise<boolean> {
  using limit = deadline(`looking at ${formatAddress(address)}`, lookMs, clock);
  return await new Promise((resolve) => {
    const socket = connect(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port });
    const settle = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    limit.signal.addEventListener("abort", () => settle(false), { once: true });
  });
}
