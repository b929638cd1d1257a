import type { OptionName, Value } from "./option-table.ts";

// The one place that says which commands there are. The command line is read by it; help, completions and the man page are made from it.
// A new command: a row here, its options in option-table.ts, a case in main.ts; then
// `vitest run test/man-page.test.ts -u` writes the man page anew.

/** A command as its user sees it. */
export interface Command {
  /** In the list of all commands, one line. */
  readonly summary: string;
  /** Under which head it stands there. */
  readonly section: "fleet" | "running" | "more";
  /** Forms of calling it, without the name of the program. */
  readonly usage: readonly string[];
  /** What it does, in sentences. */
  readonly does: string;
  /** Besides `--help`, in the order of help. */
  readonly options: readonly OptionName[];
  /** Options of which this command says something else than the table of options. */
  readonly about?: Readonly<Partial<Record<OptionName, string>>>;
  readonly operands?: Operands;
  /** What to do with a word too many, for the message. */
  readonly surplus?: string;
  /** Lines behind the name of the program. */
  readonly examples: readonly [string, ...string[]];
}

/** The words behind a command. */
export interface Operands {
  readonly least: number;
  readonly most: number;
  /** What they are, for the message that one is missing. */
  readonly needs: string;
  /** By place; the last one is also that of all further ones. */
  readonly each: readonly [Value, ...Value[]];
}

const unit: Value = { shown: "NAME", is: "unit" };
const steered: Value = { shown: "NAME", is: "steered" };
const file: Value = { shown: "FILE", is: "file" };
const someSteered: Operands = { least: 1, most: Infinity, needs: "the name of a ship, bay or job", each: [steered] };
const someUnits: Operands = { ...someSteered, each: [unit] };
const anyUnits: Operands = { ...someUnits, least: 0 };
const oneOf = (...words: string[]): Value => ({ shown: words.join("|"), is: "words", words });

/** The commands, in the order in which help lists them. */
export const commands = {
  run: {
    summary: "run the fleet",
    section: "fleet",
    usage: ["[run] [-c FILE] [--only A,B] [--except A,B] [--tui]"],
    does: `Runs the fleet until SIGINT or SIGTERM: prelaunch jobs, then bays and ships in the order of their dependencies. Binds are open from the start and answer 503 until a ship is ready.
A first signal finishes running requests and stops the ships in reverse order; a second one ends everything at once.
SIGHUP reloads the manifest; on a terminal, which sends it when it closes, it stops the fleet.
MOTHERSHIP_LOG=debug says more, MOTHERSHIP_LOG=warn less.`,
    options: ["manifest", "only", "except", "tui"],
    surplus: "--only runs a part of the fleet, -c names the manifest",
    examples: ["--only web"],
  },
  clearance: {
    summary: "check the manifest, all mistakes at once",
    section: "fleet",
    usage: ["clearance [-c FILE] [--only A,B] [--except A,B] [--json]"],
    does: "Checks the manifest without the network and without starting anything; all mistakes at once, each with its line.",
    options: ["manifest", "only", "except", "json"],
    examples: ["clearance -c deploy/ship-manifest.toml"],
  },
  preflight: {
    summary: "the same, and can its uplinks be reached?",
    section: "fleet",
    usage: ["preflight [-c FILE] [--json]"],
    does: "Checks the manifest, that its uplinks can be reached from here, and that its processes can have the terminals they ask for (tty). Needs the network of the place where the fleet will run; without it, use clearance.",
    options: ["manifest", "json"],
    examples: ["preflight"],
  },
  chart: {
    summary: "show which route leads where",
    section: "fleet",
    usage: ["chart [-c FILE] [--only A,B] [--except A,B] [--json]"],
    does: "Draws which bind and route leads to which ship or bay, in the order in which routes are tried.",
    options: ["manifest", "only", "except", "json"],
    examples: ["chart", "chart --json"],
  },
  init: {
    summary: "write a manifest to start from",
    section: "fleet",
    usage: ["init [--bay] [-c FILE]"],
    does: "Writes a manifest to start from, and beside it the schema that editors read. Overwrites no file but that schema.",
    options: ["bay", "manifest"],
    about: { manifest: "where to (default: ship-manifest.toml here)" },
    examples: ["init"],
  },
  import: {
    summary: "make a manifest of another tool's file",
    section: "fleet",
    usage: ["import FILE [--from TOOL] [-o PATH] [--env NAME] [--allow-code]"],
    does: `Makes a manifest from a Procfile (foreman, honcho, overmind), an ecosystem file of pm2 (JavaScript, JSON, YAML), or a supervisord.conf with what it includes.
The manifest is for the folder of FILE, or of the one that -o names. What is not in it, or in another form, is said on standard error, each with its line and what to do.
Nothing of FILE is run: a JavaScript file is read if it only holds data, and else needs --allow-code.`,
    options: ["from", "output", "env", "allow-code", "json"],
    operands: { least: 1, most: 1, needs: "a file such as Procfile, ecosystem.config.js or supervisord.conf", each: [file] },
    examples: ["import Procfile", "import ecosystem.config.js --env production -o fleet.toml"],
  },
  export: {
    summary: "what runs it under systemd, compose ...",
    section: "fleet",
    usage: ["export systemd|compose|kubernetes [MANIFEST] [-o DIR] [--per-ship]"],
    does: `Writes what runs this fleet there: a unit for systemd; a compose file, or objects for Kubernetes, with a Dockerfile. mothership goes on running the ships, so that nothing of the manifest is lost.
With --per-ship each ship runs by itself and without mothership. What cannot be said there is said on standard error.`,
    options: ["per-ship", "image", "output", "manifest"],
    about: { output: "the folder to write to, in place of standard output; nothing is overwritten" },
    operands: {
      least: 1,
      most: 2,
      needs: "systemd, compose or kubernetes",
      each: [{ shown: "TARGET", is: "words", words: ["systemd", "compose", "kubernetes"] }, file],
    },
    examples: ["export systemd -o deploy", "export kubernetes ship-manifest.toml --per-ship --image shop:7"],
  },
  payload: {
    summary: "what a WebAssembly module needs; try it",
    section: "fleet",
    usage: ["payload check FILE [--json]", "payload run FILE [--request FILE]"],
    does: "Says what a WebAssembly module imports, exports and costs; or asks it about one request, a JSON file with method, path, headers and body.",
    options: ["request", "json"],
    operands: { least: 2, most: 2, needs: "check or run, and the file of a module", each: [oneOf("check", "run"), file] },
    examples: ["payload check modules/auth.wasm", "payload run modules/auth.wasm --request login.json"],
  },
  shields: {
    summary: "which rule and route a request would meet",
    section: "fleet",
    usage: ["shields explain [FILE] [--ua TEXT] [--path PATH] [--header TEXT]..."],
    does: `Says which rule of [[shields.rules]] and which route a request would meet, and what kept the others from it. Nothing is sent.
FILE holds a request in JSON, with any of bind, method, path, version, client, and headers (a table). Options win over it.`,
    options: ["ua", "path", "header", "method", "client", "bind", "http", "manifest", "json"],
    operands: { least: 1, most: 2, needs: "explain, and a request", each: [oneOf("explain"), file] },
    examples: ["shields explain --ua curl/8 --path /admin", "shields explain request.json --client 203.0.113.7"],
  },
  tui: {
    summary: "watch and steer it in a user interface",
    section: "running",
    usage: ["tui [-c FILE]"],
    does: "Shows the fleet that runs from this manifest in a user interface. Leaving it (q) does not touch the fleet; ? shows the keys.",
    options: ["manifest"],
    examples: ["tui"],
  },
  status: {
    summary: "state of each unit",
    section: "running",
    usage: ["status [-w] [--interval TIME] [--json]"],
    does: "Shows the fleet that runs from this manifest: state, pid, restarts, memory and requests of each unit.",
    options: ["watch", "interval", "manifest", "json"],
    examples: ["status", "status --watch --interval 5s"],
  },
  logs: {
    summary: "what units print; -f goes on",
    section: "running",
    usage: ["logs [NAME...] [-f] [-n LINES] [--since TIME]"],
    does: "Shows the last lines of these units, or of all.",
    options: ["follow", "tail", "since", "manifest", "json"],
    operands: anyUnits,
    examples: ["logs app -f -n 20", "logs --since 5m"],
  },
  explain: {
    summary: "why is it in this state?",
    section: "running",
    usage: ["explain NAME [--json]"],
    does: "Says why a unit is in its state: what it waits for, its last exits with their last lines, its probe results.",
    options: ["manifest", "json"],
    operands: { ...someUnits, most: 1 },
    examples: ["explain app"],
  },
  start: {
    summary: "start units, with what they depend on",
    section: "running",
    usage: ["start NAME... [--json]"],
    does: "Starts units, with what they depend on, and waits until they are ready.",
    options: ["manifest", "json"],
    operands: someSteered,
    examples: ["start mailer"],
  },
  stop: {
    summary: "stop units until they are started",
    section: "running",
    usage: ["stop NAME... [--json]"],
    does: "Stops units and waits until nothing of them is left. They stay stopped until they are started.",
    options: ["manifest", "json"],
    operands: someSteered,
    examples: ["stop mailer"],
  },
  restart: {
    summary: "restart units, one after the other",
    section: "running",
    usage: ["restart NAME... [--json]"],
    does: "Drains, stops and starts units, one after the other, and waits until each is ready.",
    options: ["manifest", "json"],
    operands: someSteered,
    examples: ["restart app mailer"],
  },
  signal: {
    summary: "send a signal to a unit",
    section: "running",
    usage: ["signal NAME SIGNAL [--json]"],
    does: "Sends a signal to the process of a unit.",
    options: ["manifest", "json"],
    operands: { least: 2, most: 2, needs: "a name and a signal such as SIGHUP", each: [steered, { shown: "SIGNAL", is: "signal" }] },
    examples: ["signal app SIGUSR1"],
  },
  wait: {
    summary: "wait until units are ready",
    section: "running",
    usage: ["wait [NAME...] [--for STATE] [--timeout TIME]"],
    does: "Waits until these units, or all, are ready (jobs: completed).",
    options: ["for", "timeout", "manifest", "json"],
    operands: anyUnits,
    examples: ["wait app --for ready --timeout 30s"],
  },
  plan: {
    summary: "what a changed manifest would do",
    section: "running",
    usage: ["plan [--json]"],
    does: "Shows what a reload would do with the manifest as it is on disk, and touches nothing.",
    options: ["manifest", "json"],
    examples: ["plan"],
  },
  reload: {
    summary: "do that; only what changed restarts",
    section: "running",
    usage: ["reload [--json]"],
    does: "Makes the manifest on disk the one in force. Only what changed is restarted; what does not become ready is undone (exit code 3).",
    options: ["manifest", "json"],
    examples: ["reload"],
  },
  doctor: {
    summary: "is this machine fit to run a fleet?",
    section: "more",
    usage: ["doctor [-c FILE] [--json]"],
    does: "Looks at what a fleet needs from this machine: Node, the manifest, the folder of sockets, limits, process 1, zombies, control groups, optional parts. Says what to do about what is not well. Exit code 1 where something has to be mended first.",
    options: ["manifest", "json"],
    examples: ["doctor"],
  },
  completions: {
    summary: "completion for your shell",
    section: "more",
    usage: ["completions bash|zsh|fish"],
    does: `Prints what makes a shell complete commands, options, names of units and files. Names come from the fleet that runs, else from the manifest.
bash: add  source <(mothership completions bash)  to ~/.bashrc.
zsh: add  source <(mothership completions zsh)  to ~/.zshrc, after compinit.
fish: mothership completions fish > ~/.config/fish/completions/mothership.fish`,
    options: [],
    operands: {
      least: 1,
      most: 1,
      needs: "the name of a shell: bash, zsh or fish",
      each: [{ shown: "SHELL", is: "words", words: ["bash", "zsh", "fish"] }],
    },
    examples: ["completions bash"],
  },
  help: {
    summary: "more about a command",
    section: "more",
    usage: ["help [COMMAND]"],
    does: "Shows what a command does, its options and an example; without a name, all commands.",
    options: [],
    operands: { least: 0, most: 1, needs: "the name of a command", each: [{ shown: "COMMAND", is: "command" }] },
    examples: ["help logs"],
  },
  version: {
    summary: "the version",
    section: "more",
    usage: ["version", "--version"],
    does: "Prints the version.",
    options: [],
    examples: ["--version"],
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;

/** The names of all commands. */
// The keys of a literal are its names.
export const commandNames = Object.keys(commands) as readonly CommandName[];

/** A command by its name. */
export function commandOf(name: CommandName): Command {
  return commands[name];
}

/** The options that a command understands, `--help` and `--version` among them. */
export function optionsOf(name: CommandName): readonly OptionName[] {
  return [...commandOf(name).options, "version", "help"];
}
