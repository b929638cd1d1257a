import { readFileSync } from "node:fs";

/** Numbers of the user and group to run as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** The user has an entry, so the groups it belongs to can be set up. */
  readonly known: boolean;
}

/** Looks a user and group up in `/etc/passwd` and `/etc/group`. A text is the reason why not. */
export function findIdentity(user: string | number | undefined, group: string | number | undefined): Identity | string {
  const users = user === undefined ? [] : entriesOf("/etc/passwd");
  const entry = users.find(([name, , uid]) => name === user || uid === String(user));
  if (typeof user === "string" && !entry && !isNumber(user)) return `there is no user "${user}"`;
  const uid = entry ? Number(entry[2]) : user === undefined ? process.getuid!() : Number(user);

  const found = group === undefined ? undefined : entriesOf("/etc/group").find(([name, , gid]) => name === group || gid === String(group));
  if (typeof group === "string" && !found && !isNumber(group)) return `there is no group "${group}"`;
  if (group !== undefined) return { uid, gid: found ? Number(found[2]) : Number(group), known: entry !== undefined };
  if (entry) return { uid, gid: Number(entry[3]), known: true };
  return user === undefined ? { uid, gid: process.getgid!(), known: false } : `user ${user} has no entry, so its group must be given`;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function entriesOf(path: string): readonly (readonly string[])[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return []; // images without such a file have numbers only
  }
  return text.split("\n").map((line) => line.split(":"));
}
