import { maxSocketPathBytes } from "@mothership/kernel";
import { checkAddresses } from "./check-addresses.ts";
import { checkDependencies } from "./check-dependencies.ts";
import { checkRoutes } from "./check-routes.ts";
import { checkShields } from "./check-shields.ts";
import { commandLineFix, quotedList } from "./command-line.ts";
import type { Draft, MemberDraft, Reference } from "./draft.ts";
import type { IssueList } from "./issue.ts";
import { placeOf } from "./normalize-process.ts";
import type { Path } from "./positions.ts";
import type { AccessLog } from "./types.ts";

/** What the rules need to know of the world. */
export interface CheckContext {
  /** Folder of the bays' sockets. */
  readonly socketDir: string;
  /** Commands with a space in them that are files all the same, by absolute path. */
  readonly programs: ReadonlySet<string>;
}

/** The rules that look at more than one value. Each breach becomes an issue. */
export function check(draft: Draft, { socketDir, programs }: CheckContext, issues: IssueList): void {
  const { ships, bays, jobs, modules } = draft;
  // Jobs share the name space of ships and bays, because logs and metrics tell them apart by name alone.
  const members = [...ships, ...bays, ...jobs].map(({ value, path }) => ({ name: value.name, path: [...path, "name"] }));
  checkUnique(members, "ship, bay or prelaunch job", issues);
  checkUnique(
    modules.map(({ value, path }) => ({ name: value.name, path: [...path, "name"] })),
    "module",
    issues,
  );
  checkUnique(
    draft.rules.map(({ value, path }) => ({ name: value.name, path: [...path, "name"] })),
    "rule",
    issues,
  );
  checkUnique(draft.uplinkNames, "uplink", issues);
  for (const { value, path } of bays) checkSocketPath(value.name, [...path, "name"], socketDir, issues);
  checkAddresses(draft.addresses, issues);
  checkRoutes(draft, issues);
  checkShields(draft, issues);
  checkDependencies(draft, issues);
  for (const one of [...ships, ...bays, ...jobs]) checkCommand(one, programs, issues);
  checkLogFiles([...ships, ...bays, ...jobs], draft.manifest.mothership.accessLog, issues);
  checkTerminals([...ships, ...bays, ...jobs], issues);
  if (issues.count === 0) checkSomethingToRun(draft, issues);
}

function checkUnique(names: readonly Reference[], what: string, issues: IssueList): void {
  const inOrder = names
    .filter(({ name }) => name !== "")
    .map(({ name, path }) => ({ name, path, offset: issues.positions.nearest(path).start }))
    .sort((a, b) => a.offset - b.offset);
  const seen = new Map<string, number>();
  for (const { name, path, offset } of inOrder) {
    const before = seen.get(name);
    if (before === undefined) seen.set(name, offset);
    else
      issues.add(path, `the name "${name}" is taken by another ${what}`, {
        hint: `it was first used in line ${issues.positions.lineColumn(before).line}`,
      });
  }
}

/** A bay listens on a socket named after it; a path that is too long would only fail when it starts. */
function checkSocketPath(name: string, path: Path, socketDir: string, issues: IssueList): void {
  const bytes = Buffer.byteLength(`${socketDir}/${name}.sock`);
  const limit = maxSocketPathBytes();
  if (name !== "" && bytes > limit)
    issues.add(path, `the socket of bay "${name}" would have a path of ${bytes} bytes, and ${limit} are possible here`, {
      hint: `shorten the name, or set MS_SOCKET_DIR to a shorter folder than ${socketDir}`,
    });
}

/** A command is one word, or a file whose name has a space in it. */
function checkCommand({ value, path }: MemberDraft, programs: ReadonlySet<string>, issues: IssueList): void {
  const { command, args, cwd } = value;
  if (!/\s/.test(command) || programs.has(placeOf(command, cwd) ?? "")) return;
  const write = ([program = "", ...rest]: readonly string[]): string =>
    `command = ${quotedList([program])} and args = [${quotedList([...rest, ...args])}]`;
  issues.add([...path, "command"], '"command" holds a whole command line, and it is one program', {
    expected: "a name found in PATH, or a path; no shell is involved",
    hint: commandLineFix(command, write),
  });
}

/** Two processes that rename one file would lose each other's lines. */
function checkLogFiles(members: readonly MemberDraft[], accessLog: AccessLog | undefined, issues: IssueList): void {
  const owners = new Map<string, string>();
  if (accessLog?.to.kind === "file") owners.set(accessLog.to.path, "access_log");
  for (const { value, logAt } of members) {
    const { file } = value.log;
    if (!file) continue;
    const owner = owners.get(file.path);
    if (owner === undefined) owners.set(file.path, value.name);
    else issues.add(logAt, `"${value.name}" cannot log to the file that "${owner}" logs to`, { hint: "give each a file of its own" });
  }
}

/**
 * A process with a terminal inherits the other sides of the terminals that were opened before its own: it could read what the others print
 * and type to them. Among processes of one user that opens nothing, and between users it would be a way around their rights.
 */
function checkTerminals(members: readonly MemberDraft[], issues: IssueList): void {
  const [first, ...others] = members.filter(({ value }) => value.tty);
  for (const { value, path } of others) {
    if (first === undefined || value.runAs.user === first.value.runAs.user) continue;
    issues.add([...path, "tty"], `"${value.name}" and "${first.value.name}" have terminals and run as different users`, {
      expected: "one user for all that have tty = true",
      hint: "write the same user in both, or take tty away from one: the later could read and type on the terminal of the earlier",
    });
  }
}

function checkSomethingToRun({ manifest, ships, bays, jobs, staticDirs }: Draft, issues: IssueList): void {
  if (ships.length + bays.length + jobs.length + staticDirs.length + manifest.mothership.uplinks.length > 0) return;
  issues.add([], "there is nothing to run: the manifest has no ship, bay, prelaunch job, uplink or static folder", {
    hint: "mothership init writes a manifest to start from",
  });
}
