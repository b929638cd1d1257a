import type { CommandName } from "./args.ts";

const manifest = "  -c, --manifest FILE   the manifest (default: ship-manifest.toml here)";
const filter = `  --only A,B            only ships and bays with one of these tags, groups or names
  --except A,B          all but those`;
const json = "  --json                for machines";
const help = "  -h, --help            this text";

const texts: Record<CommandName, string> = {
  run: `mothership [run] [-c FILE] [--only A,B] [--except A,B]

Runs the fleet until SIGINT or SIGTERM: prelaunch jobs, then ships in the order of their dependencies, then the network reaches them.
A first signal finishes running requests and stops the ships in reverse order; a second one ends everything at once.

${manifest}
${filter}
${help}

Example: mothership --only web
`,
  clearance: `mothership clearance [-c FILE] [--json]

Checks the manifest without the network and without starting anything; all mistakes at once, each with its line.

${manifest}
${filter}
${json}
${help}

Example: mothership clearance -c deploy/ship-manifest.toml
`,
  chart: `mothership chart [-c FILE] [--json]

Draws which bind and route leads to which ship or bay, in the order in which routes are tried.

${manifest}
${filter}
${json}
${help}

Example: mothership chart --json
`,
  init: `mothership init [-c FILE]

Writes a manifest to start from, and beside it the schema that editors read. Never overwrites a file.

  -c, --manifest FILE   where to (default: ship-manifest.toml here)
${help}

Example: mothership init
`,
  version: "mothership --version\n\nPrints the version.\n",
  help: `mothership: runs a fleet of processes and puts them on the network.

  mothership [run]        run the fleet
  mothership clearance    check the manifest, all mistakes at once
  mothership chart        show which route leads where
  mothership init         write a manifest to start from
  mothership help COMMAND more about one of them

${manifest}
${filter}
  -V, --version         the version
${help}

Exit codes: 0 done; 1 something failed while running; 2 the command line or the manifest is wrong; 69 this Node is too old.
`,
};

/** What `--help` prints for a command. */
export function helpFor(command: CommandName): string {
  return texts[command];
}
