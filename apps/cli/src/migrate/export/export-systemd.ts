import type { Address } from "@mothership/kernel";
import type { Note } from "../note.ts";
import { oneLine } from "../one-line.ts";
import { type Exported, type ExportInput, seconds } from "./export-input.ts";
import { commandLine, plainValue, unitSection } from "./systemd-text.ts";

/** One unit that runs mothership, which runs the fleet: restarts, order, probes, routes and logs stay what the manifest says. */
export function exportSystemd(input: ExportInput): Exported {
  const { manifest, name, path, program } = input;
  const run = (command: string): string => commandLine([...program, command, "-c", path]);
  const file = path.slice(path.lastIndexOf("/") + 1);
  const changesUser = [...manifest.ships, ...manifest.bays, ...manifest.mothership.prelaunch].some(
    ({ runAs }) => runAs.user !== undefined || runAs.group !== undefined,
  );
  const low = manifest.mothership.binds.some(({ address }) => address.kind === "tcp" && address.port < 1024);
  const notes: Note[] = [];
  if (!changesUser) notes.push({ file, what: `${name}.service runs everything as root as it stands`, advice: "write User= in it" });
  const text = [
    `# Runs the fleet of ${oneLine(path)}.\n#   sudo cp ${name}.service /etc/systemd/system/ && sudo systemctl enable --now ${name}\n# Look at it and steer it with the same MS_SOCKET_DIR:\n#   sudo MS_SOCKET_DIR=/run/${name} mothership status -c ${oneLine(path)}`,
    unitSection("Unit", [
      ["Description", `Fleet ${name} (mothership)`],
      ["Wants", "network-online.target"],
      ["After", "network-online.target"],
      ["StartLimitIntervalSec", "5min"],
      ["StartLimitBurst", 5],
    ]),
    unitSection("Service", [
      ["Type", "exec"],
      ...(changesUser
        ? ["Starts as root: units of the manifest run as users of their own."]
        : [`Everything runs as root until these are set:\n#User=${name}\n#CapabilityBoundingSet=${low ? "CAP_NET_BIND_SERVICE" : ""}`]),
      ["WorkingDirectory", plainValue(manifest.folder)],
      "Variables that the manifest names, and secrets; the file need not be there.",
      ["EnvironmentFile", `-/etc/${name}.env`],
      ["Environment", `MS_SOCKET_DIR=/run/${name}`],
      ["RuntimeDirectory", name],
      ["RuntimeDirectoryMode", "0700"],
      ["ExecStartPre", run("clearance")],
      ["ExecStart", run("run")],
      "Only what changed restarts; a reload that does not work out is undone.",
      ["ExecReload", run("reload")],
      "The signal goes to mothership alone, which stops its ships in order; what is left at the end is killed.",
      ["KillMode", "mixed"],
      ["KillSignal", "SIGTERM"],
      ["TimeoutStopSec", `${seconds(manifest.mothership.shutdownTimeoutMs) + 10}s`],
      ["Restart", "on-failure"],
      ["RestartSec", "5s"],
      "A manifest that is wrong, or a Node that is too old, is not mended by trying again.",
      ["RestartPreventExitStatus", "2 69"],
      "mothership keeps each ship in a control group of its own.",
      ["Delegate", "yes"],
      "A ship that runs out of memory is the business of mothership.",
      ["OOMPolicy", "continue"],
      ["LimitNOFILE", 65_536],
      ["TasksMax", 8192],
      ...(low && !changesUser ? (["Binds below port 1024.", ["AmbientCapabilities", "CAP_NET_BIND_SERVICE"]] as const) : []),
      "What the fleet does not need. No MemoryDenyWriteExecute: Node compiles code while it runs.",
      ...hardening(input, changesUser),
    ]),
    unitSection("Install", [["WantedBy", "multi-user.target"]]),
  ].join("\n\n");
  return { files: [{ name: `${name}.service`, text: `${text}\n` }], notes };
}

function hardening({ manifest }: ExportInput, changesUser: boolean): readonly (readonly [string, string])[] {
  const addresses: Address[] = [
    ...manifest.mothership.binds.map(({ address }) => address),
    ...manifest.ships.flatMap(({ bind }) => (bind ? [bind] : [])),
  ];
  const inTmp = addresses.some((address) => address.kind === "unix" && /^\/(var\/)?tmp\//.test(address.path));
  const atHome = /^\/(home|root)(\/|$)/.test(manifest.folder);
  return [
    ...(changesUser ? [] : ([["NoNewPrivileges", "yes"]] as const)),
    // A private /tmp would hide sockets that others are to find there.
    ...(inTmp || /^\/(var\/)?tmp(\/|$)/.test(manifest.folder) ? [] : ([["PrivateTmp", "yes"]] as const)),
    ...(atHome ? [] : ([["ProtectHome", "yes"]] as const)),
    ["PrivateDevices", "yes"],
    ["ProtectSystem", "full"],
    ["ProtectKernelTunables", "yes"],
    ["ProtectKernelModules", "yes"],
    ["ProtectKernelLogs", "yes"],
    ["ProtectClock", "yes"],
    ["ProtectHostname", "yes"],
    ["RestrictSUIDSGID", "yes"],
    ["RestrictRealtime", "yes"],
    ["LockPersonality", "yes"],
    ["SystemCallArchitectures", "native"],
    ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK"],
  ];
}
