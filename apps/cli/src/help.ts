import type { CommandName } from "./args.ts";

const manifest = "  -c, --manifest FILE   the manifest (default: ship-manifest.toml here)";
const filter = `  --only A,B            only ships and bays with one of these tags, groups or names
  --except A,B          all but those`;
const json = "  --json                for machines";
const help = "  -h, --help            this text";

/** Usage, what it does, its own options, an example. */
function text(usage: string, does: string, options: readonly string[], example: string): string {
  return `mothership ${usage}\n\n${does}\n\n${[...options, help].join("\n")}\n\nExample: mothership ${example}\n`;
}

const texts: Record<CommandName, string> = {
  run: text(
    "[run] [-c FILE] [--only A,B] [--except A,B] [--tui]",
    `Runs the fleet until SIGINT or SIGTERM: prelaunch jobs, then bays and ships in the order of their dependencies. Binds are open from the start and answer 503 until a ship is ready.
A first signal finishes running requests and stops the ships in reverse order; a second one ends everything at once.
SIGHUP reloads the manifest; on a terminal, which sends it when it closes, it stops the fleet.`,
    [manifest, filter, "  --tui                 show the fleet in a user interface; q stops it"],
    "--only web",
  ),
  clearance: text(
    "clearance [-c FILE] [--json]",
    "Checks the manifest without the network and without starting anything; all mistakes at once, each with its line.",
    [manifest, filter, json],
    "clearance -c deploy/ship-manifest.toml",
  ),
  preflight: text(
    "preflight [-c FILE] [--json]",
    `Checks the manifest and that its uplinks can be reached from here, all at once. Needs the network of the place where the fleet will run;
without it, use clearance.`,
    [manifest, json],
    "preflight",
  ),
  chart: text(
    "chart [-c FILE] [--json]",
    "Draws which bind and route leads to which ship or bay, in the order in which routes are tried.",
    [manifest, filter, json],
    "chart --json",
  ),
  init: text(
    "init [--bay] [-c FILE]",
    "Writes a manifest to start from, and beside it the schema that editors read. Never overwrites a file.",
    [
      "  --bay                 a project of one WebSocket bay, ready to run",
      "  -c, --manifest FILE   where to (default: ship-manifest.toml here)",
    ],
    "init",
  ),
  tui: text(
    "tui [-c FILE]",
    "Shows the fleet that runs from this manifest in a user interface. Leaving it (q) does not touch the fleet.",
    [manifest],
    "tui",
  ),
  status: text(
    "status [--json]",
    "Shows the fleet that runs from this manifest: state, pid, health, restarts and memory of each unit.",
    [manifest, json],
    "status",
  ),
  logs: text(
    "logs [NAME...] [-f] [-n LINES] [--since TIME]",
    "Shows the last lines of these units, or of all.",
    [
      "  -f, --follow          go on with what comes",
      "  -n, --tail LINES      so many lines of each unit (default: all that are kept)",
      "  --since TIME          nothing older: 30s, 5m, 2h, or a date such as 2026-01-31T08:00:00Z",
      manifest,
      json,
    ],
    "logs app -f -n 20",
  ),
  explain: text(
    "explain NAME [--json]",
    "Says why a unit is in its state: what it waits for, its last exits with their last lines, its probe results.",
    [manifest, json],
    "explain app",
  ),
  start: text("start NAME...", "Starts units, with what they depend on, and waits until they are ready.", [manifest, json], "start mailer"),
  stop: text(
    "stop NAME...",
    "Stops units and waits until nothing of them is left. They stay stopped until they are started.",
    [manifest, json],
    "stop mailer",
  ),
  restart: text(
    "restart NAME...",
    "Drains, stops and starts units, one after the other, and waits until each is ready.",
    [manifest, json],
    "restart app",
  ),
  signal: text("signal NAME SIGNAL", "Sends a signal to the process of a unit.", [manifest, json], "signal app SIGUSR1"),
  wait: text(
    "wait [NAME...] [--for ready|stopped] [--timeout TIME]",
    "Waits until these units, or all, are ready (jobs: completed).",
    [
      "  --for STATE           ready (default) or stopped",
      "  --timeout TIME        give up after so long (default 60s), exit code 4",
      manifest,
      json,
    ],
    "wait app --for ready --timeout 30s",
  ),
  payload: text(
    "payload check FILE | payload run FILE [--request FILE]",
    "Says what a WebAssembly module imports, exports and costs; or asks it about one request, a JSON file with method, path, headers and body.",
    ["  --request FILE        the request, and for a response module its `response` (default: GET /)", json],
    "payload check modules/auth.wasm",
  ),
  plan: text(
    "plan [--json]",
    "Shows what a reload would do with the manifest as it is on disk, and touches nothing.",
    [manifest, json],
    "plan",
  ),
  reload: text(
    "reload [--json]",
    "Makes the manifest on disk the one in force. Only what changed is restarted; what does not become ready is undone (exit code 3).",
    [manifest, json],
    "reload",
  ),
  version: "mothership --version\n\nPrints the version.\n\nExample: mothership --version\n",
  help: `mothership: runs a fleet of processes and puts them on the network.

  mothership [run]             run the fleet
  mothership clearance         check the manifest, all mistakes at once
  mothership preflight         the same, and can its uplinks be reached?
  mothership chart             show which route leads where
  mothership init              write a manifest to start from
  mothership payload check, run FILE
                               what a WebAssembly module needs; try it

of a fleet that runs:
  mothership tui               watch it in a user interface
  mothership status            state of each unit
  mothership logs [NAME...]    what they print; -f goes on
  mothership explain NAME      why is it in this state?
  mothership start, stop, restart NAME...
  mothership signal NAME SIGNAL
  mothership wait [NAME...]    until they are ready
  mothership plan, reload      what a changed manifest would do; do it

  mothership help COMMAND      more about one of them

${manifest}
${filter}
  -V, --version         the version
${help}

Exit codes: 0 done; 1 something failed while running; 2 the command line or the manifest is wrong; 3 a reload was undone;
4 waited for too long; 5 no such unit; 6 no fleet is running; 69 this Node is too old.

Example: mothership -c deploy/ship-manifest.toml
`,
};

/** What `--help` prints for a command. */
export function helpFor(command: CommandName): string {
  return texts[command];
}
