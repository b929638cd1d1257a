import { isAbsolute, join } from "node:path";
import type { Dependency } from "@mothership/manifest";
import type { Note } from "../note.ts";
import { oneLine } from "../one-line.ts";
import { type Exported, type ExportInput, type Lone, lostAroundShips, lostOfUnit, plainNames, seconds } from "./export-input.ts";
import { assignment, commandLine, plainValue, type UnitLine, unitSection } from "./systemd-text.ts";

const kept = new Set(["fatal", "log", "stopCommand", "memory"] as const);

/** A unit for each ship and job, and a target for all of them; without mothership. */
export function exportSystemdShips(input: ExportInput): Exported {
  const { manifest, name, path } = input;
  const file = path.slice(path.lastIndexOf("/") + 1);
  const units: readonly Lone[] = [...manifest.mothership.prelaunch, ...manifest.ships];
  const names = plainNames(units, `${name}-`);
  const notes: Note[] = lostAroundShips(input, "systemd");
  const jobs = manifest.mothership.prelaunch.map((job) => `${names.get(job.name)}.service`);
  const files = units.map((unit) => {
    notes.push(...lostOfUnit(unit, file, kept));
    if (unit.runAs.user === undefined)
      notes.push({ file, what: `"${unit.name}" runs as root as it stands`, advice: "write user in the manifest, or User= in its unit" });
    if (unit.kind === "ship" && (unit.readiness ?? unit.startup) !== undefined)
      notes.push({
        file,
        what: `"${unit.name}": its check is left out`,
        advice: "what depends on it is started as soon as its program is",
      });
    return { name: `${names.get(unit.name)}.service`, text: unitText(unit, input, names, unit.kind === "job" ? [] : jobs) };
  });
  const enabled = units.filter((unit) => unit.kind === "job" || !unit.disabled);
  const target = [
    `# All of the fleet of ${oneLine(path)}.\n#   sudo cp ${name}* /etc/systemd/system/ && sudo systemctl enable --now ${name}.target`,
    unitSection("Unit", [
      ["Description", `Fleet ${name}`],
      ...enabled.map((unit) => ["Wants", `${names.get(unit.name)}.service`] as const),
    ]),
    unitSection("Install", [["WantedBy", "multi-user.target"]]),
  ].join("\n\n");
  return { files: [{ name: `${name}.target`, text: `${target}\n` }, ...files], notes };
}

function unitText(unit: Lone, input: ExportInput, names: ReadonlyMap<string, string>, jobs: readonly string[]): string {
  const { manifest, name, envFiles } = input;
  const once = unit.kind === "job" || unit.oneshot;
  const runsOnce = new Set([
    ...manifest.mothership.prelaunch.map((job) => job.name),
    ...manifest.ships.filter(({ oneshot }) => oneshot).map((ship) => ship.name),
  ]);
  // A bay has no unit here, and a note that says so.
  const waits = unit.dependsOn.filter(({ on }) => names.has(on));
  const services = (list: readonly Dependency[]): string => list.map(({ on }) => `${names.get(on)}.service`).join(" ");
  const folder = unit.cwd === "" ? manifest.folder : unit.cwd;
  // systemd takes names that it finds in its own path, and absolute paths.
  const absolute = (program: string): string => (program.includes("/") && !isAbsolute(program) ? join(folder, program) : program);
  const service: UnitLine[] = [
    ["Type", once ? "oneshot" : "exec"],
    ...(once ? ([["RemainAfterExit", "yes"]] as const) : []),
    ["User", text(unit.runAs.user)],
    ["Group", text(unit.runAs.group)],
    ["WorkingDirectory", plainValue(folder)],
    ...(envFiles.get(unit.name) ?? []).map(
      (file) => ["EnvironmentFile", plainValue(isAbsolute(file) ? file : join(manifest.folder, file))] as const,
    ),
    ...Object.entries(unit.env).map(([key, value]) => ["Environment", assignment(key, value)] as const),
    ["ExecStart", commandLine([absolute(unit.command), ...unit.args])],
    ["ExecStop", unit.stop.command && commandLine([absolute(unit.stop.command.command), ...unit.stop.command.args])],
    ["KillMode", "mixed"],
    ["KillSignal", unit.stop.signal],
    ["TimeoutStopSec", `${seconds(unit.stop.graceMs)}s`],
    ["Restart", unit.restart.when === "always" ? (once ? "on-failure" : "always") : unit.restart.when === "never" ? "no" : "on-failure"],
    ["RestartSec", unit.restart.when === "never" ? undefined : "1s"],
    ["SuccessExitStatus", unit.restart.successExitCodes.filter((code) => code !== 0).join(" ")],
    ["RestartPreventExitStatus", unit.restart.fatalExitCodes.join(" ")],
    ["MemoryMax", unit.kind === "ship" ? unit.memoryLimitBytes : undefined],
    ["StandardOutput", unit.log.file && `append:${plainValue(unit.log.file.path)}`],
    ["StandardError", unit.log.file && "inherit"],
    ["TimeoutStartSec", once ? "infinity" : undefined],
  ];
  const head = unitSection("Unit", [
    ["Description", plainValue(`${unit.name} of fleet ${name}`)],
    ["PartOf", `${name}.target`],
    ["After", ["network-online.target", ...jobs, services(waits)].join(" ").trim()],
    ["Wants", `network-online.target ${services(waits.filter(({ on }) => !runsOnce.has(on)))}`.trim()],
    // What runs once must have ended well.
    ["Requires", `${jobs.join(" ")} ${services(waits.filter(({ on }) => runsOnce.has(on)))}`.trim()],
    ["StartLimitIntervalSec", unit.restart.when === "never" ? undefined : "10min"],
    ["StartLimitBurst", unit.restart.when === "never" ? undefined : Math.max(1, Math.min(unit.restart.maxRestarts, 10_000))],
  ]);
  return `${[head, unitSection("Service", service), unitSection("Install", [["WantedBy", `${name}.target`]])].join("\n\n")}\n`;
}

function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : plainValue(String(value));
}
