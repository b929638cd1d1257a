import { posix } from "node:path";
import { type DraftEntry, entriesOf } from "./draft.ts";
import type { Pm2Surroundings } from "./import-pm2.ts";
import { type Pm2Command, pm2Command } from "./pm2-command.ts";
import { pm2Environment } from "./pm2-env.ts";
import type { Pm2Fields } from "./pm2-fields.ts";
import { noteWhatIsLeft } from "./pm2-left-out.ts";
import { bytesOf, durationText, sizeText } from "./quantities.ts";
import type { TomlValue } from "./toml-text.ts";
import type { UnitNames } from "./unit-names.ts";

export interface Pm2Unit {
  readonly group: string;
  readonly entries: readonly DraftEntry[];
  /** The `PORT` in its environment. */
  readonly port: string | undefined;
}

interface Sharing extends Pm2Surroundings {
  readonly names: UnitNames;
  /** Log files that are taken: no two processes may write to one. */
  readonly logFiles: Set<string>;
}

const most = 256;

/** The ships that one app becomes: none where it has no script, several where it asks for several processes. */
export function importApp(fields: Pm2Fields, sharing: Sharing): Pm2Unit[] {
  const script = fields.text("script", "exec", "cmd", "command") ?? "app";
  const wanted = (fields.text("name_prefix") ?? "") + (fields.text("name") ?? posix.basename(script).replace(/(.)\.[^.]*$/, "$1"));
  fields.label = `app "${wanted}"`;
  const cwd = folderOf(fields);
  const run = pm2Command(fields, cwd, (path) =>
    sharing.kindOf(cwd === undefined ? path : posix.resolve("/", cwd) === cwd ? posix.resolve(cwd, path) : posix.join(cwd, path)),
  );
  if (run === undefined) return [];
  const env: Record<string, string> = { ...run.env, ...pm2Environment(fields, sharing) };
  const shared = { ...settingsOf(fields), ...endingOf(fields) };
  const log = logOf(fields, cwd);
  const counted = fields.text("increment_var");
  const named = fields.text("instance_var");
  const numbered = named ?? "NODE_APP_INSTANCE";
  const count = instancesOf(fields, run);
  const group = fields.text("namespace") ?? "apps";
  const units: Pm2Unit[] = [];
  for (let at = 0; at < count; at += 1) {
    const name = sharing.names.next(count > 1 ? `${wanted}-${at}` : wanted);
    if (count === 1 && name !== wanted)
      fields.note(["name"], `it is now called "${name}"`, "names are unique, of ASCII letters, digits and _ . - + @ :");
    const own: Record<string, string> = { ...env, ...(count > 1 || named !== undefined ? { [numbered]: String(at) } : {}) };
    if (counted !== undefined && count > 1) own[counted] = String(Number(env[counted] ?? 0) + at);
    const file = log === undefined ? undefined : sharing.place(count > 1 ? log.replace(/(\.[^./]*)?$/, `-${at}$1`) : log);
    const entries = entriesOf({
      name,
      command: run.command,
      args: run.args.length > 0 ? run.args : undefined,
      cwd: cwd === undefined ? undefined : sharing.place(cwd),
      env: Object.keys(own).length > 0 ? own : undefined,
      ...shared,
      log: file === undefined || isTaken(file, sharing.logFiles, fields) ? undefined : { file },
    });
    units.push({ group, entries, port: validPort(own["PORT"]) });
  }
  noteWhatIsLeft(fields);
  return units;
}

function folderOf(fields: Pm2Fields): string | undefined {
  const cwd = fields.text("cwd");
  if (cwd?.startsWith("~")) {
    fields.note(["cwd"], `"~" in "cwd" is not carried over`, "write the whole path");
    return undefined;
  }
  return cwd === undefined || cwd === "" || posix.normalize(cwd) === "." || posix.normalize(cwd) === "./" ? undefined : cwd;
}

/** How many processes. Cluster mode shares one port among processes of Node, which only Node can do: that becomes one process. */
function instancesOf(fields: Pm2Fields, { node }: Pm2Command): number {
  const text = fields.text("instances");
  const mode = fields.text("exec_mode");
  const count = text === undefined ? 1 : Number(text);
  const cluster = mode === undefined ? node && text !== undefined : mode.startsWith("cluster");
  if (count === 1) return 1;
  if (cluster) {
    const says = Number.isInteger(count) && count > 1 ? `${count} processes` : "a process for each core";
    fields.note(
      ["instances", "exec_mode"],
      `cluster mode with ${says} became one process`,
      "let the program fork with node:cluster, see docs/migration.md",
    );
    return 1;
  }
  if (Number.isInteger(count) && count > 1 && count <= most) return count;
  fields.note(
    ["instances"],
    `"instances" is not carried over`,
    `write the ship as often as it should run, at most ${most} times from here`,
  );
  return 1;
}

function settingsOf(fields: Pm2Fields): Record<string, TomlValue | undefined> {
  const memory = fields.text("max_memory_restart");
  const bytes = memory === undefined ? undefined : bytesOf(memory);
  const limit = bytes === undefined || bytes < 2 ** 20 ? undefined : sizeText(bytes);
  if (memory !== undefined && limit === undefined)
    fields.note(["max_memory_restart"], '"max_memory_restart" is no size from 1 MiB to 1 TiB, and is left out');
  return {
    user: identity(fields.text("uid", "user")),
    group: identity(fields.text("gid")),
    disabled: fields.flag("autostart") === false ? true : undefined,
    startup_timeout: milliseconds(fields, "listen_timeout"),
    memory_limit: limit,
  };
}

function endingOf(fields: Pm2Fields): Record<string, TomlValue | undefined> {
  const again = fields.flag("autorestart") !== false;
  const codes = fields
    .texts((text) => text.split(/[\s,]+/), "stop_exit_codes")
    .filter((code) => code !== "")
    .map(Number);
  const restarts = fields.text("max_restarts");
  const max = restarts === undefined ? undefined : Number(restarts);
  if (max !== undefined && !(Number.isInteger(max) && max >= 0 && max <= 1_000_000))
    fields.note(["max_restarts"], '"max_restarts" is no number that can be used, and is left out');
  if (fields.flag("treekill") === false)
    fields.note(
      ["treekill"],
      '"treekill" is not carried over',
      "all that a process started ends with it; keep_detached = true spares what has a session of its own",
    );
  if (fields.flag("disable_logs") === true)
    fields.note(
      ["disable_logs"],
      '"disable_logs" is not carried over',
      "what it prints goes to the output of mothership; let it print less",
    );
  return {
    restart: again ? (codes.length > 0 ? "on-failure" : undefined) : "never",
    success_exit_codes: codes.length > 0 ? codes : undefined,
    max_restarts: Number.isInteger(max) && (max ?? -1) >= 0 && (max ?? 0) <= 1_000_000 ? max : undefined,
    stable_after: milliseconds(fields, "min_uptime"),
    stop_timeout: milliseconds(fields, "kill_timeout"),
  };
}

/** The one file that holds all output, from the folder of the pm2 file. */
function logOf(fields: Pm2Fields, cwd: string | undefined): string | undefined {
  const combined = fields.find("log_file", "log")?.value.kind === "scalar" ? fields.path(cwd, "log_file", "log") : undefined;
  const [out, error] = [
    fields.path(cwd, "out_file", "out", "output", "out_log"),
    fields.path(cwd, "error_file", "error", "err", "err_file", "err_log"),
  ];
  const files = [combined, out, error].filter((file): file is string => file !== undefined && file !== "NULL" && file !== "/dev/null");
  const [file] = files;
  if (file === undefined) return undefined;
  if (new Set(files).size > 1)
    fields.note(
      ["error_file", "error", "err", "err_file", "err_log", "out_file"],
      `what it prints goes to one file, ${file}`,
      "mothership does not part output and errors",
    );
  if (file.startsWith("~")) {
    fields.note(
      ["log_file", "log", "out_file", "out", "output"],
      `"~" in the path of a log file is not carried over`,
      "write the whole path",
    );
    return undefined;
  }
  return cwd === undefined || posix.isAbsolute(file) ? file : posix.join(cwd, file);
}

function isTaken(file: string, taken: Set<string>, fields: Pm2Fields): boolean {
  const path = posix.normalize(file);
  if (!taken.has(path)) {
    taken.add(path);
    return false;
  }
  fields.note(
    ["log_file", "log", "out_file", "out", "output", "error_file"],
    `its log file ${file} belongs to another process already`,
    "give it one of its own",
  );
  return true;
}

function milliseconds(fields: Pm2Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text) ?? [];
  const factor = { "": 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1;
  const duration = durationText(Number(count) * factor);
  if (duration === undefined) fields.note([key], `"${key}" is no time from 1 ms to 24 h and is left out`);
  return duration;
}

function identity(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

function validPort(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536 ? String(Number(text)) : undefined;
}
