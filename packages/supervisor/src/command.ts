import type { Stats } from "node:fs";
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { findPty } from "./pty.ts";
import type { ProcessSpec } from "./spec.ts";
import { findIdentity } from "./user.ts";

/** Why a command cannot be run. */
export interface CommandIssue {
  /** Of the process. */
  readonly name: string;
  readonly command: string;
  /** ENOENT: not found. EACCES: found, but it may not be executed. ENOTDIR: the folder is not one. EPERM: not as that user or group. ENOTTY: no terminal can be had. */
  readonly code: "ENOENT" | "EACCES" | "ENOTDIR" | "EPERM" | "ENOTTY";
  /** One sentence with the fix where one is known. */
  readonly message: string;
}

type What = Pick<ProcessSpec, "name" | "command" | "env" | "args" | "tty"> & {
  readonly cwd?: string | undefined;
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
};

/**
 * Which of the processes cannot be run: whose user or group is none that we may change to, whose command cannot be found or executed, as the system would look them up: in the PATH of the process's own environment,
 * from its own folder. Nothing is started. Rights are those of this process, not of `user`.
 */
export function checkCommands(specs: readonly What[]): readonly CommandIssue[] {
  return specs.flatMap((spec) => {
    const { name, command } = spec;
    const found = findCommand(spec);
    const identity = identityIssue(spec);
    const terminal = spec.tty ? findPty() : undefined;
    return [
      ...(typeof found === "string" ? [] : [found]),
      ...(identity ? [identity] : []),
      ...(typeof terminal === "string" ? [{ name, command, code: "ENOTTY" as const, message: `"${name}" cannot run: ${terminal}` }] : []),
    ];
  });
}

/** Why a process cannot run as its user and group: they do not exist, or we are not the one who may change to them. */
function identityIssue({ name, command, user, group }: What): CommandIssue | undefined {
  if (user === undefined && group === undefined) return undefined;
  const identity = findIdentity(user, group);
  if (typeof identity === "string") return { name, command, code: "EPERM", message: `"${name}" cannot run: ${identity}` };
  const same = identity.uid === process.getuid?.() && identity.gid === process.getgid?.();
  if (same || process.getuid?.() === 0) return undefined;
  return { name, command, code: "EPERM", message: `"${name}" cannot run as another user or group: only root may change to one` };
}

/** What the system takes where there is no PATH. */
const defaultPath = "/usr/local/bin:/bin:/usr/bin";

/** The file that a command stands for, or why there is none. */
export function findCommand(spec: What): string | CommandIssue {
  const { name, command } = spec;
  const folder = resolve(spec.cwd ?? ".");
  if (spec.cwd !== undefined && !isFolder(folder))
    return { name, command, code: "ENOTDIR", message: `"${name}" cannot run in ${folder}: there is no such folder` };

  const candidates = command.includes("/")
    ? [resolve(folder, command)]
    : (spec.env["PATH"] ?? defaultPath).split(":").map((entry) => resolve(isAbsolute(entry) ? entry : resolve(folder, entry), command));
  const files = candidates.filter(isFile);
  const executable = files.find(isExecutable);
  if (executable !== undefined) return executable;
  if (files[0] !== undefined)
    return { name, command, code: "EACCES", message: `"${name}" cannot run ${files[0]}: it is not executable; try chmod +x` };
  return { name, command, code: "ENOENT", message: `"${name}" cannot run "${command}": ${missing(spec, candidates)}` };
}

function missing({ command, args = [], env }: What, candidates: readonly string[]): string {
  const words = (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
  if (words.length > 1) {
    // What only a shell understands stays in one piece, for a shell.
    const list = /[|&;<>$`*?~]/.test(command) ? ["/bin/sh", "-c", command] : [...words, ...args];
    const [first, ...rest] = list.map((word) => JSON.stringify(word));
    return `a command is one word, not a command line; write command = ${first} and args = [${rest.join(", ")}]`;
  }
  if (command.includes("/")) return isFolder(candidates[0] ?? "") ? `${candidates[0]} is a folder` : `there is no file ${candidates[0]}`;
  return env["PATH"] === undefined ? `it is in none of ${defaultPath}, and the environment has no PATH` : "it is in no folder of the PATH";
}

function isFile(path: string): boolean {
  return lookAt(path)?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return lookAt(path)?.isDirectory() ?? false;
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // not there, or not to be seen by us: for us there is nothing
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // the answer, not an error
  }
}
