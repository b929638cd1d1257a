import { resolve } from "node:path";
import { commandLineFix, quotedList } from "./command-line.ts";
import type { Need } from "./draft.ts";
import type { Layer, Layers } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { shown } from "./issue.ts";
import { defaults } from "./limits.ts";
import type { NormalizeContext } from "./normalize.ts";
import { readDuration, readSize, type Written } from "./normalize-units.ts";
import { textTable } from "./normalize-values.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawDependency, RawLog, RawProcess } from "./raw.ts";
import type { CommandLine, FilePath, LogSettings, Process, RestartSettings, StopSettings } from "./types.ts";

/** A process as written, whatever kind it is. */
type WrittenProcess = Loose<RawProcess> & {
  readonly depends_on?: readonly (string | Loose<RawDependency> | undefined)[] | undefined;
  readonly restart?: RestartSettings["when"] | undefined;
  readonly stable_after?: string | undefined;
  readonly drain_timeout?: string | undefined;
};

/** What ships, bays and jobs have in common. `once`: it runs to its end and is not meant to run again. */
export function normalizeProcess(
  layers: Layers<WrittenProcess>,
  once: boolean,
  context: NormalizeContext,
): { readonly needs: readonly Need[]; readonly logAt: Path; readonly fields: Process } {
  const { issues, folder } = context;
  const { table } = layers.own;
  const needs = dependenciesOf(layers, issues);
  const user = layers.get("user").value;
  const group = layers.get("group").value;
  const args: readonly (string | undefined)[] = layers.get("args").value ?? [];
  const byName = new Map(needs.map(({ dependency }) => [JSON.stringify(dependency), dependency]));
  const logAt = ["mothership", "logs", "dir"];
  return {
    needs,
    logAt:
      layers
        .both("log")
        .findLast(({ value }) => "file" in value)
        ?.path.concat("file") ?? logAt,
    fields: {
      name: table.name ?? "",
      command: table.command ?? "",
      args: args.filter((arg) => arg !== undefined),
      env: { ...envFileValues(layers, context), ...textTable(layers.both("env"), issues) },
      dependsOn: [...byName.values()],
      cwd: placeOf(layers.get("cwd").value, folder) ?? folder,
      runAs: { ...(user !== undefined && { user }), ...(group !== undefined && { group }) },
      stdin: layers.get("stdin").value ?? defaults.stdin,
      tty: layers.get("tty").value ?? defaults.tty,
      restart: restartOf(layers, once, issues),
      stop: stopOf(layers, issues),
      log: logOf(layers, context),
    },
  };
}

/** A path as it counts from the manifest's folder; as written, when that is not known. */
export function placeOf(written: string | undefined, folder: string): string | undefined {
  return written === undefined || folder === "" ? written : resolve(folder, written);
}

/** A file of the manifest by the path as written. */
export function filePath(written: string, folder: string): FilePath {
  return { path: placeOf(written, folder) ?? "", written };
}

function dependenciesOf(layers: Layers<WrittenProcess>, issues: IssueList): readonly Need[] {
  const { value = [], path } = layers.get("depends_on");
  return value.flatMap((one, index): readonly Need[] => {
    const here = [...path, index];
    if (one === undefined) return [];
    if (typeof one === "string") return [{ name: one, path: here, dependency: { on: one, onLost: defaults.onLost } }];
    const { ship: on, condition, pattern, on_lost: onLost = defaults.onLost } = one;
    if (on === undefined) return [];
    if (condition === "log" && !("pattern" in one))
      issues.add([...here, "condition"], 'the condition "log" needs "pattern"', { hint: 'add pattern = "listening on"' });
    if (condition !== "log" && pattern !== undefined)
      issues.add([...here, "pattern"], '"pattern" is for the condition "log" only', { hint: 'add condition = "log"' });
    const dependency = { on, ...(condition && { condition }), ...(pattern !== undefined && { pattern }), onLost };
    return [{ name: on, path: [...here, "ship"], dependency }];
  });
}

function restartOf(layers: Layers<WrittenProcess>, once: boolean, issues: IssueList): RestartSettings {
  const { value: when, path } = layers.get("restart");
  if (once && when === "always")
    issues.add(path, `"${layers.own.table.name ?? ""}" runs once, so it cannot always be restarted`, {
      expected: '"on-failure" or "never"',
    });
  const { value: stable = defaults.stableAfter, path: stableAt } = layers.get("stable_after");
  return {
    when: when ?? (once ? "never" : "always"),
    maxRestarts: layers.get("max_restarts").value ?? defaults.maxRestarts,
    successExitCodes: (layers.get("success_exit_codes").value ?? defaults.successExitCodes).filter((code) => code !== undefined),
    fatalExitCodes: (layers.get("fatal_exit_codes").value ?? defaults.fatalExitCodes).filter((code) => code !== undefined),
    stableMs: readDuration(stable, stableAt, issues),
  };
}

function stopOf(layers: Layers<WrittenProcess>, issues: IssueList): StopSettings {
  const { value: grace = defaults.stopTimeout, path: graceAt } = layers.get("stop_timeout");
  const { value: drain = defaults.drainTimeout, path: drainAt } = layers.get("drain_timeout");
  const written = layers.get("stop_command");
  const command = readCommandLine(written.value, written.path, issues);
  return {
    signal: layers.get("stop_signal").value ?? defaults.stopSignal,
    graceMs: readDuration(grace, graceAt, issues),
    drainMs: readDuration(drain, drainAt, issues),
    ...(command && { command }),
    keepDetached: layers.get("keep_detached").value ?? defaults.keepDetached,
  };
}

/** A program alone or with its arguments; undefined when nothing is written, or, with an issue, what cannot be one. */
export function readCommandLine(
  written: string | readonly (string | undefined)[] | undefined,
  path: Path,
  issues: IssueList,
): CommandLine | undefined {
  if (written === undefined) return undefined;
  const key = String(path.at(-1));
  if (typeof written !== "string") {
    const [command, ...args] = written.filter((word) => word !== undefined);
    if (command === undefined && written.length === 0) issues.add(path, `"${key}" is an empty list, and needs a program`);
    return command === undefined ? undefined : { command, args };
  }
  if (!/\s/.test(written)) return { command: written, args: [] };
  issues.add(path, `"${key}" holds a whole command line, and a text is one program`, {
    hint: commandLineFix(written, (words) => `${key} = [${quotedList(words)}]`),
  });
  return undefined;
}

function envFileValues(layers: Layers<WrittenProcess>, { issues, folder, files }: NormalizeContext): Readonly<Record<string, string>> {
  const { value = [], path } = layers.get("env_file");
  const list = typeof value === "string" ? [value] : value;
  const merged = new Map<string, string>();
  for (const [index, written] of list.entries()) {
    const file = files.envFiles.get(placeOf(written, folder) ?? "");
    if (written === undefined || file === undefined) continue;
    if ("problem" in file)
      issues.add(typeof value === "string" ? path : [...path, index], `the env file ${shown(written)} ${file.problem}`, {
        hint: file.hint,
      });
    else for (const [name, text] of Object.entries(file.values)) merged.set(name, text);
  }
  return Object.fromEntries(merged);
}

/** What the process says counts, then its template, then [mothership.logs]. */
function logOf(layers: Layers<WrittenProcess>, { issues, folder, logs }: NormalizeContext): LogSettings {
  const fleet: Layer<Loose<RawLog>> = { table: logs, path: ["mothership", "logs"] };
  const tables = layers.both("log").map(({ value: table, path }) => ({ table, path }));
  const find = <K extends keyof RawLog>(key: K): Written<Loose<RawLog>[K]> => {
    const { table, path } = tables.findLast((one) => one.table[key] !== undefined) ?? fleet;
    return { value: table[key], path: [...path, key] };
  };
  const { maxSize, maxFiles, compress, onFull } = defaults.log;
  const { value: size = maxSize, path: sizeAt } = find("max_size");
  const maxBytes = readSize(size, sizeAt, issues, { least: "4KiB" });
  const written = find("file").value ?? (logs.dir === undefined ? undefined : `${logs.dir}/${layers.own.table.name ?? ""}.log`);
  const path = placeOf(written, folder);
  return {
    onFull: find("on_full").value ?? onFull,
    ...(path !== undefined && {
      file: { path, maxBytes, maxFiles: find("max_files").value ?? maxFiles, compress: find("compress").value ?? compress },
    }),
  };
}
