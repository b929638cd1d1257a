import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

/** What a figure depends on besides the program. Load averages say how much else ran. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly arch: string;
  readonly node: string;
  readonly commit: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly loadBefore: readonly number[];
  readonly at: string;
}

export function describeMachine(programs: readonly string[] = []): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 1_048_576),
    kernel: release(),
    arch: arch(),
    node: process.version,
    commit: tryRun("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown",
    versions: Object.fromEntries(programs.map((name) => [name, versionOf(name) ?? "not installed"])),
    loadBefore: loadavg().map((one) => Number(one.toFixed(2))),
    at: new Date().toISOString(),
  };
}

/** Whether a program can be run at all. */
export function installed(program: string): boolean {
  return tryRun("sh", ["-c", `command -v ${program}`]) !== undefined;
}

/** The Debian package of each program that measurements need. */
const packages: Readonly<Record<string, string>> = {
  caddy: "caddy",
  h2load: "nghttp2-client",
  haproxy: "haproxy",
  nginx: "nginx-light",
  runsvdir: "runit",
  "s6-svscan": "s6",
  supervisord: "supervisor",
  taskset: "util-linux",
  wrk: "wrk",
};

/** Ends the process with one line that says what to install, unless all of these are. */
export function need(...programs: readonly string[]): void {
  const missing = programs.filter((program) => !installed(program));
  if (missing.length === 0) return;
  console.error(`${missing.join(", ")} missing: ${installCommand(missing)}`);
  process.exit(1);
}

/** Says which of these could be measured beside the program if they were installed. */
export function suggest(...programs: readonly string[]): void {
  const missing = programs.filter((program) => !installed(program));
  if (missing.length > 0) console.log(`not installed, and left out: ${missing.join(", ")}; ${installCommand(missing)}`);
}

function installCommand(programs: readonly string[]): string {
  return `apt-get install -y --no-install-recommends ${programs.map((name) => packages[name] ?? name).join(" ")}`;
}

function versionOf(program: string): string | undefined {
  if (!installed(program)) return undefined;
  const flags: Record<string, readonly string[]> = {
    nginx: ["-v"],
    haproxy: ["-v"],
    supervisord: ["--version"],
    wrk: ["-v"],
    caddy: ["version"],
    h2load: ["--version"],
  };
  const asked = flags[program];
  const text = asked && tryRun("sh", ["-c", `${program} ${asked.join(" ")} 2>&1 || true`]);
  return /\d+\.\d+(\.\d+)?/.exec(text ?? "")?.[0] ?? debianVersion(program);
}

function debianVersion(program: string): string | undefined {
  const package_ = packages[program] ?? program;
  return /^Version: (.+)$/m.exec(tryRun("dpkg", ["-s", package_]) ?? "")?.[1];
}

function tryRun(command: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** Load averages now. */
export function loadNow(): number[] {
  return readFileSync("/proc/loadavg", "latin1").split(" ").slice(0, 3).map(Number);
}
