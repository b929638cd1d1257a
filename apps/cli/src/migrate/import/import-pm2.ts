import type { Note } from "../note.ts";
import type { DraftEntry, DraftTable } from "./draft.ts";
import { entriesOf } from "./draft.ts";
import type { ImportContext, Imported } from "./import-source.ts";
import type { Literal } from "./js-literal.ts";
import { importApp, type Pm2Unit } from "./pm2-app.ts";
import type { ScriptKind } from "./pm2-command.ts";
import { Pm2Fields } from "./pm2-fields.ts";
import { shutdownTable } from "./shutdown-time.ts";
import { UnitNames, validName } from "./unit-names.ts";

/** What stands around a pm2 file. */
export interface Pm2Surroundings extends ImportContext {
  /** Absolute folder of the file. */
  readonly here: string;
  /** What the script at a path, from the folder of the file, is. */
  kindOf(path: string): ScriptKind;
  /** The environment that is asked for: `production` takes what stands in `env_production`. */
  readonly environment: string | undefined;
}

/** A pm2 ecosystem file: each app becomes a ship whose crash leaves the others alone, and which stops on SIGINT, as under pm2. */
export function importPm2(root: Literal, surroundings: Pm2Surroundings): Imported {
  const { file, place, environment } = surroundings;
  const notes: Note[] = [];
  const names = new UnitNames();
  const logFiles = new Set<string>();
  const units: Pm2Unit[] = [];
  let found = environment === undefined;
  for (const { entries, line } of appsOf(root, file, notes)) {
    const fields = new Pm2Fields(entries, line, surroundings);
    found ||= entries.some(({ key }) => key === `env_${environment}`);
    units.push(...importApp(fields, { ...surroundings, names, logFiles }));
    notes.push(...fields.notes);
  }
  if (!found)
    notes.push({
      file,
      what: `no app has an environment "${environment}"`,
      advice: `what --env names is written as env_${environment} there`,
    });

  const withPort = units.some(({ port }) => port !== undefined);
  const home = place(".");
  const bind: DraftTable = {
    path: ["mothership", "bind"],
    several: false,
    comments: ["To put apps behind one port, switch this on, and bind and routes of the apps. Narrow routes come first."],
    entries: [{ key: "http", value: "127.0.0.1:8080", off: true }],
  };
  const base: DraftTable = {
    path: ["base", "ship"],
    several: false,
    comments: ["As under pm2: an app that crashes leaves the others alone, and is asked to stop with SIGINT."],
    entries: entriesOf({ critical: false, stop_signal: "SIGINT", cwd: home === "." ? undefined : home }),
  };
  const tables = units.map(({ group, entries, port }): DraftTable => {
    const offered: DraftEntry[] =
      port === undefined
        ? []
        : [
            { key: "bind", value: `tcp://127.0.0.1:${port}`, off: true },
            { key: "routes", value: ["http:/.*"], off: true },
          ];
    return { path: ["fleet", validName(group, "apps")], several: true, comments: [], entries: [...entries, ...offered] };
  });
  const comments = [`Made from ${file} by "mothership import". Check it with "mothership clearance", run it with "mothership".`];
  return {
    draft: { comments, tables: [...shutdownTable(tables), ...(withPort ? [bind] : []), ...(tables.length > 0 ? [base] : []), ...tables] },
    notes,
  };
}

/** `{ apps: [...] }`, a list of apps, or one app. */
function appsOf(root: Literal, file: string, notes: Note[]): readonly (Literal & { kind: "table" })[] {
  const tablesOf = (literal: Literal): readonly (Literal & { kind: "table" })[] =>
    (literal.kind === "list" ? literal.items : [literal]).flatMap((item) => {
      if (item.kind === "table") return [item];
      notes.push({ file, line: item.line, what: "this is no app and is left out" });
      return [];
    });
  if (root.kind !== "table") return tablesOf(root);
  const apps = root.entries.find(({ key }) => key === "apps" || key === "pm2");
  if (!apps) return [root];
  for (const { key, line } of root.entries)
    if (key !== apps.key)
      notes.push({
        file,
        line,
        what: `"${key}" is not carried over`,
        advice: key === "deploy" ? "keep the script that deploys" : "only apps are read",
      });
  return tablesOf(apps.value);
}
