import { posix } from "node:path";
import type { Note } from "../note.ts";
import { type DraftTable, entriesOf } from "./draft.ts";
import type { ImportContext, Imported } from "./import-source.ts";
import { type IniSection, readIni } from "./ini.ts";
import { shutdownTable } from "./shutdown-time.ts";
import { SupervisordFields } from "./supervisord-fields.ts";
import { noteDaemon, noteProgramRest, noteSection } from "./supervisord-left-out.ts";
import { type ProgramKeys, programKeys } from "./supervisord-program.ts";
import { expand, hasVariable, readPairs } from "./supervisord-values.ts";
import type { TomlValue } from "./toml-text.ts";
import { UnitNames, validName } from "./unit-names.ts";

/** A configuration file, or one that it includes. */
export interface SupervisordFile {
  readonly file: string;
  readonly text: string;
  /** Absolute folder of it: `%(here)s`. */
  readonly here: string;
}

interface Member {
  readonly section: string;
  readonly group: string;
  readonly priority: number;
  readonly name: string;
  readonly program: ProgramKeys;
}

const mostProcesses = 1024;
const usualPriority = 999;

/** The patterns of files that a configuration includes, as written, with what they stand for. */
export function includesOf(text: string, file: string, here: string): readonly string[] {
  const include = readIni(text, file).sections.find(({ name }) => name === "include");
  const files = include?.entries.get("files")?.value ?? "";
  return files.split(/\s+/).flatMap((pattern) => expand(pattern, { here }) || []);
}

/**
 * A configuration of supervisord with the files that it includes. Each process of a program becomes a ship; what has a lower priority is
 * started first, as there.
 */
export function importSupervisord(files: readonly SupervisordFile[], { file, place }: ImportContext): Imported {
  const notes: Note[] = [];
  const sections: { readonly section: IniSection; readonly here: string }[] = [];
  for (const one of files) {
    const { sections: found, problems } = readIni(one.text, one.file);
    sections.push(...found.map((section) => ({ section, here: one.here })));
    notes.push(...problems);
  }
  const groups = groupsOf(
    sections.map(({ section }) => section),
    notes,
  );
  const names = new UnitNames();
  const members: Member[] = [];
  let shared: Record<string, string> = {};
  for (const { section, here } of sections) {
    const fields = new SupervisordFields(section);
    if (section.name === "supervisord") {
      shared = { ...shared, ...sharedEnvironment(fields, here) };
      noteDaemon(fields);
    } else if (section.name.startsWith("program:")) members.push(...membersOf(fields, here, groups, names));
    else if (!section.name.startsWith("group:") && section.name !== "include") noteSection(fields);
    notes.push(...fields.notes);
  }
  return { draft: draftOf(members, shared, { file, place }, notes), notes };
}

interface Group {
  readonly name: string;
  readonly priority: number | undefined;
}

/** The group of each program that is in one. */
function groupsOf(sections: readonly IniSection[], notes: Note[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  const programs = new Set(sections.filter(({ name }) => name.startsWith("program:")).map(({ name }) => name.slice(8).trim()));
  for (const section of sections.filter(({ name }) => name.startsWith("group:"))) {
    const fields = new SupervisordFields(section);
    const priority = fields.whole("priority");
    for (const program of (fields.text("programs") ?? "").split(/[\s,]+/).filter((one) => one !== "")) {
      if (programs.has(program)) groups.set(program, { name: section.name.slice(6).trim(), priority });
      else fields.note("programs", `there is no program "${program}"`);
    }
    for (const { key } of fields.unseen()) fields.note(key, `"${key}" is not carried over`);
    notes.push(...fields.notes);
  }
  return groups;
}

function sharedEnvironment(fields: SupervisordFields, here: string): Record<string, string> {
  const written = fields.text("environment");
  const shared: Record<string, string> = {};
  for (const [name, value] of written === undefined ? [] : (readPairs(written) ?? [])) {
    const text = expand(value, { here });
    if (text === undefined || hasVariable(text))
      fields.note("environment", `the variable ${name} is left out: what is in it is not known here`);
    else shared[name] = text;
  }
  if (written !== undefined && readPairs(written) === undefined) fields.note("environment", '"environment" cannot be read and is left out');
  return shared;
}

/** The processes of one program. */
function membersOf(fields: SupervisordFields, here: string, groups: ReadonlyMap<string, Group>, names: UnitNames): Member[] {
  const name = fields.section.name.slice(8).trim();
  const group = groups.get(name);
  const asked = fields.whole("numprocs") ?? 1;
  const count = Math.min(Math.max(asked, 0), mostProcesses);
  const first = fields.whole("numprocs_start") ?? 0;
  const written = fields.text("process_name") ?? (count > 1 ? "%(program_name)s_%(process_num)02d" : "%(program_name)s");
  if (asked > count) fields.note("numprocs", `only ${count} of ${asked} processes are carried over`);
  if (asked === 0) fields.note("numprocs", "there are to be no processes of it, so it is left out");
  const priority = fields.whole("priority") ?? usualPriority;
  const members: Member[] = [];
  let logsToFile = false;
  for (let number = first; number < first + count; number += 1) {
    const known = { here, program_name: name, group_name: group?.name ?? name, process_num: number, numprocs: count };
    const program = programKeys(fields, known);
    if (program === undefined) return [];
    if (program.disabled && fields.text("priority") !== undefined)
      fields.note("priority", '"priority" is not carried over', "it orders what is started at the beginning; write depends_on");
    logsToFile ||= program.logFile !== undefined;
    const wanted = expand(written, known);
    const own = names.next(wanted === undefined || hasVariable(wanted) ? name : wanted);
    if (own !== wanted)
      fields.note("process_name", `a process of it is now called "${own}"`, "names are unique, of ASCII letters, digits and _ . - + @ :");
    // A group is started in its turn, and within it each program in its own.
    members.push({
      section: fields.section.name,
      group: group?.name ?? "programs",
      priority: (group?.priority ?? priority) * 1_000_000 + priority,
      name: own,
      program,
    });
  }
  noteProgramRest(fields, logsToFile);
  return withOwnLogs(members, fields);
}

/** Several processes may write to one file there; here each gets its own, with its number in the name. */
function withOwnLogs(members: readonly Member[], fields: SupervisordFields): Member[] {
  const [first] = members;
  const shared = first?.program.logFile;
  if (members.length < 2 || shared === undefined || members.some(({ program }) => program.logFile !== shared)) return [...members];
  fields.note("stdout_logfile", `each of its ${members.length} processes gets a log file of its own`, "no two processes may share one");
  return members.map((member, at) => ({ ...member, program: { ...member.program, logFile: shared.replace(/(\.[^./]*)?$/, `_${at}$1`) } }));
}

function draftOf(members: readonly Member[], shared: Readonly<Record<string, string>>, { file, place }: ImportContext, notes: Note[]) {
  const home = place(".");
  const base: DraftTable = {
    path: ["base", "ship"],
    several: false,
    comments: ["As under supervisord: a program that crashes leaves the others alone, and is started again unless it ended well."],
    entries: entriesOf({
      critical: false,
      restart: "on-failure",
      cwd: home === "." ? undefined : home,
      env: Object.keys(shared).length > 0 ? shared : undefined,
    }),
  };
  const logFiles = new Set<string>();
  const tables = members.map((member): DraftTable => {
    const { logFile, logKeys, keys } = member.program;
    const path = logFile === undefined ? undefined : place(logFile);
    const taken = path !== undefined && logFiles.has(posix.normalize(path));
    if (path !== undefined) logFiles.add(posix.normalize(path));
    if (taken)
      notes.push({
        file,
        what: `[${member.section}] the log file ${path} belongs to another process already`,
        advice: "give it one of its own",
      });
    const log = path === undefined || taken ? undefined : tableOf({ file: path, ...logKeys });
    const cwd = typeof keys["cwd"] === "string" ? place(keys["cwd"]) : undefined;
    const after = startedBefore(member, members);
    return {
      path: ["fleet", validName(member.group, "programs")],
      several: true,
      comments: [],
      entries: entriesOf({ name: member.name, ...keys, cwd, log, depends_on: after.length > 0 ? after : undefined }),
    };
  });
  const comments = [`Made from ${file} by "mothership import". Check it with "mothership clearance", run it with "mothership".`];
  return { comments, tables: [...shutdownTable(tables), ...(tables.length > 0 ? [base] : []), ...tables] };
}

/** Those of the next lower priority. supervisord starts them first and does not wait until they are ready. */
function startedBefore(member: Member, members: readonly Member[]): TomlValue[] {
  if (member.program.disabled) return [];
  const earlier = members.filter(({ priority, program }) => priority < member.priority && !program.disabled);
  const next = Math.max(...earlier.map(({ priority }) => priority));
  return earlier
    .filter(({ priority }) => priority === next)
    .slice(0, 256)
    .map(({ name }) => ({ ship: name, condition: "started" }));
}

function tableOf(values: Readonly<Record<string, TomlValue | undefined>>): Record<string, TomlValue> {
  return Object.fromEntries(entriesOf(values).map(({ key, value }) => [key, value]));
}
