import type { Note } from "../note.ts";
import { fromShellLine } from "./command-words.ts";
import { type DraftEntry, type DraftTable, entriesOf } from "./draft.ts";
import type { ImportContext, Imported } from "./import-source.ts";
import { noteEnvFile } from "./procfile-env.ts";
import type { ProcfileSettings } from "./procfile-settings.ts";
import { UnitNames } from "./unit-names.ts";

/** What stands beside a Procfile. */
export interface ProcfileSurroundings extends ImportContext {
  /** The `.env` beside it. */
  readonly envFile?: { readonly path: string; readonly text: string } | undefined;
  readonly settings: ProcfileSettings;
}

interface Line {
  readonly name: string;
  readonly command: string;
  readonly line: number;
}

/**
 * A Procfile as foreman, honcho and overmind read it. Each process gets its `PORT` as they count it; `web` gets the requests; `release` runs
 * before all others, as on Heroku.
 */
export function importProcfile(text: string, surroundings: ProcfileSurroundings): Imported {
  const { file, place, envFile, settings } = surroundings;
  const notes: Note[] = [...settings.notes];
  const lines = readLines(text, file, notes);
  const names = new UnitNames();
  const envFiles = envFile === undefined ? {} : { env_file: place(envFile.path) };
  if (envFile) notes.push(...noteEnvFile(envFile.path, envFile.text));

  const jobs: DraftTable[] = [];
  const ships: DraftTable[] = [];
  let routed = false;
  for (const [at, { name, command, line }] of lines.entries()) {
    const wanted = settings.formation.get(name) ?? settings.formation.get("all") ?? 1;
    if (wanted === 0) {
      notes.push({ file, line, what: `"${name}" is left out: its formation is 0` });
      continue;
    }
    const release = name === "release";
    if (release) notes.push({ file, line, what: '"release" became a prelaunch job: it runs before all others and must succeed' });
    if (name === "web" && wanted > 1)
      notes.push({
        file,
        line,
        what: `the first of ${wanted} "web" processes gets all requests`,
        advice: "let the server itself start that many workers, or give the others routes of their own",
      });
    for (let one = 1; one <= (release ? 1 : wanted); one += 1) {
      const port = settings.basePort + at * settings.portStep + one - 1;
      if (port > 65_535) {
        notes.push({
          file,
          line,
          what: `there is no port left for "${name}", so it is left out`,
          advice: "begin with a lower PORT in .env",
        });
        break;
      }
      const own = names.next(wanted > 1 && !release ? `${name}.${one}` : name);
      if (own !== name && wanted === 1) notes.push({ file, line, what: `"${name}" is now called "${own}"` });
      const { command: program, args, env } = fromShellLine(command, { PORT: String(port) });
      const takesRequests: boolean = name === "web" && !routed;
      routed ||= takesRequests;
      const entries: DraftEntry[] = entriesOf({
        name: own,
        command: program,
        args: args.length > 0 ? args : undefined,
        env: release ? (Object.keys(env).length > 0 ? env : undefined) : { PORT: String(port), ...env },
        ...(release ? { cwd: atHome(place), ...envFiles } : {}),
        ...(takesRequests ? { bind: `tcp://127.0.0.1:${port}`, routes: ["http:/.*"] } : {}),
        ...(settings.stopSignals.get(name) !== undefined ? { stop_signal: settings.stopSignals.get(name) ?? "SIGTERM" } : {}),
        ...(settings.canDie.has(name) && !release ? { critical: false } : {}),
      });
      const group = name === "web" ? "web" : "workers";
      if (release) jobs.push({ path: ["mothership", "prelaunch"], several: true, comments: [], entries });
      else ships.push({ path: ["fleet", group], several: true, comments: [], entries });
    }
  }

  const bind: DraftTable = {
    path: ["mothership", "bind"],
    several: false,
    comments: routed
      ? ["Where requests come in. They go to the web process, which listens on a port of its own."]
      : ["To let requests in, switch this on and give a process bind and routes."],
    entries: [{ key: "http", value: "127.0.0.1:8080", off: !routed }],
  };
  const shared = entriesOf({ cwd: atHome(place), ...envFiles });
  const base: DraftTable[] =
    shared.length === 0 || ships.length === 0
      ? []
      : [{ path: ["base", "ship"], several: false, comments: ["Every process inherits this."], entries: shared }];
  return {
    draft: {
      comments: [
        `Made from ${file} by "mothership import". Check it with "mothership clearance", run it with "mothership".`,
        "A process that ends is started again; after 10 failures in a row the fleet ends. critical = false lets the others go on.",
      ],
      tables: [bind, ...base, ...jobs, ...ships],
    },
    notes,
  };
}

/** Processes run beside the Procfile; nothing is to be said where that is the folder of the manifest. */
function atHome(place: (path: string) => string): string | undefined {
  const home = place(".");
  return home === "." ? undefined : home;
}

function readLines(text: string, file: string, notes: Note[]): Line[] {
  const lines: Line[] = [];
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = at + 1;
    const [, name, command] = /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(raw.trimEnd()) ?? [];
    if (name !== undefined && command !== undefined) {
      const earlier = lines.findIndex((other) => other.name === name);
      if (earlier === -1) lines.push({ name, command, line });
      else {
        notes.push({ file, line: lines[earlier]?.line, what: `"${name}" is there twice, and the one in line ${line} counts` });
        lines[earlier] = { name, command, line };
      }
    } else if (!/^\s*(#|$)/.test(raw))
      notes.push({ file, line, what: "this is no process and is left out", advice: "a process is written as name: command" });
  }
  return lines;
}
