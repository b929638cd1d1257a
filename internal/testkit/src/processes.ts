import { readFileSync } from "node:fs";

/** True while a process runs. A zombie that nobody has reaped yet counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name may hold spaces and parentheses; the state follows the last one.
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    if (process.platform === "linux") return false;
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }
}
