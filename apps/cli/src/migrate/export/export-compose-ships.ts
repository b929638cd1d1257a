import { isAbsolute, posix, relative } from "node:path";
import type { Check, Dependency, Process, Ship } from "@mothership/manifest";
import type { Note } from "../note.ts";
import { dockerfile, imageFolder } from "./container-file.ts";
import { fileOf } from "./export-compose.ts";
import { type Exported, type ExportInput, type Lone, lostAroundShips, lostOfUnit, plainNames, seconds } from "./export-input.ts";
import { type YamlValue, yamlText } from "./yaml-text.ts";

const kept = new Set(["memory"] as const);

/** A service for each ship and job, from one image; without mothership. */
export function exportComposeShips(input: ExportInput): Exported {
  const { manifest, name } = input;
  const units: readonly Lone[] = [...manifest.mothership.prelaunch, ...manifest.ships];
  const names = plainNames(units);
  const notes: Note[] = lostAroundShips(input, "compose");
  const services = Object.fromEntries(
    units.map((unit) => {
      notes.push(...lostOfUnit(unit, fileOf(input), kept));
      return [names.get(unit.name) ?? unit.name, serviceOf(unit, input, names, notes)] as const;
    }),
  );
  const comments = [`The ships of ${fileOf(input)}, each in a container of its own and without mothership: docker compose up --build`];
  return {
    files: [
      { name: "compose.yaml", text: yamlText({ name, services }, comments) },
      { name: "Dockerfile", text: dockerfile(input, false) },
    ],
    notes,
  };
}

function serviceOf(unit: Lone, input: ExportInput, names: ReadonlyMap<string, string>, notes: Note[]): YamlValue {
  const { manifest, image, envFiles } = input;
  const once = unit.kind === "job" || unit.oneshot;
  const check = unit.kind === "ship" ? (unit.readiness ?? unit.startup) : undefined;
  const health = check && healthOf(check, unit, fileOf(input), notes);
  const files = envFiles.get(unit.name) ?? [];
  if (unit.kind === "ship" && unit.bind?.kind === "tcp" && /^(127\.|localhost$|::1$)/.test(unit.bind.host))
    notes.push({
      file: fileOf(input),
      what: `"${unit.name}" listens on ${unit.bind.host}: other containers do not reach it`,
      advice: "let it listen on 0.0.0.0",
    });
  return {
    image,
    build: ".",
    init: true,
    entrypoint: [escaped(unit.command)],
    command: unit.args.map(escaped),
    working_dir: folderInImage(unit, input),
    user: unit.runAs.user === undefined ? undefined : `${unit.runAs.user}${unit.runAs.group === undefined ? "" : `:${unit.runAs.group}`}`,
    environment: listOf(Object.entries(unit.env).map(([key, value]) => escaped(`${key}=${value}`))),
    env_file: listOf(files.map((file) => (isAbsolute(file) ? file : `./${posix.normalize(file)}`))),
    depends_on: dependenciesOf(unit, manifest.mothership.prelaunch, names, input),
    healthcheck: health,
    profiles: unit.kind === "ship" && unit.disabled ? ["disabled"] : undefined,
    restart:
      unit.restart.when === "never" ? "no" : unit.restart.when === "always" && !once ? "always" : `on-failure:${unit.restart.maxRestarts}`,
    stop_signal: unit.stop.signal,
    stop_grace_period: `${seconds(unit.stop.graceMs)}s`,
    mem_limit: unit.kind === "ship" ? unit.memoryLimitBytes : undefined,
  };
}

function dependenciesOf(
  unit: Lone,
  jobs: readonly Process[],
  names: ReadonlyMap<string, string>,
  { manifest }: ExportInput,
): YamlValue | undefined {
  const first = unit.kind === "job" ? [] : jobs.map(({ name }): Dependency => ({ on: name, condition: "completed", onLost: "ignore" }));
  const entries = [...first, ...unit.dependsOn].flatMap(({ on, condition }) => {
    const target = names.get(on);
    const ship = manifest.ships.find(({ name }) => name === on);
    if (target === undefined) return [];
    const completed = condition === "completed" || (condition === undefined && (ship?.oneshot ?? true));
    const ready = condition === "ready" || (condition === undefined && ship !== undefined && hasHealth(ship));
    const meant = completed ? "service_completed_successfully" : ready && ship && hasHealth(ship) ? "service_healthy" : "service_started";
    return [[target, { condition: meant }] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function hasHealth({ readiness, startup }: Ship): boolean {
  const probe = (readiness ?? startup)?.probe;
  return probe !== undefined && probe.kind !== "log" && probe.kind !== "notify";
}

function healthOf(
  { probe, intervalMs, timeoutMs, failureThreshold }: Check,
  unit: Lone,
  file: string,
  notes: Note[],
): YamlValue | undefined {
  const times = { interval: `${intervalMs}ms`, timeout: `${timeoutMs}ms`, retries: failureThreshold, start_period: "60s" };
  if (probe.kind === "exec") return { test: ["CMD", probe.command, ...probe.args].map(escaped), ...times };
  if (probe.kind === "log" || probe.kind === "notify") return undefined;
  if (probe.address.kind === "unix") {
    notes.push({ file, what: `"${unit.name}": its check on a Unix socket is left out` });
    return undefined;
  }
  const { host, port } = probe.address;
  // Node is in the image anyhow; curl and wget often are not.
  const look =
    probe.kind === "http"
      ? `fetch(${JSON.stringify(`http://${host.includes(":") ? `[${host}]` : host}:${port}${probe.path}`)},{redirect:"manual"}).then((r)=>process.exit(r.status<400?0:1),()=>process.exit(1))`
      : `require("net").connect(${port},${JSON.stringify(host)},()=>process.exit(0)).on("error",()=>process.exit(1))`;
  return { test: ["CMD", "node", "-e", escaped(look)], ...times };
}

/** Where a unit runs, in the image. */
export function folderInImage({ cwd }: Process, { manifest }: ExportInput): string {
  const from = cwd === "" ? "" : relative(manifest.folder, cwd);
  return from.startsWith("..") ? cwd : posix.join(imageFolder, from);
}

/** compose puts variables in for `$`. */
function escaped(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function listOf(items: readonly string[]): readonly string[] | undefined {
  return items.length === 0 ? undefined : items;
}
