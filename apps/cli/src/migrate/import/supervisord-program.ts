import { shellQuoted, splitWords } from "./command-words.ts";
import { bytesOf, durationText, sizeText } from "./quantities.ts";
import type { SupervisordFields } from "./supervisord-fields.ts";
import { type Expressions, expand, forShell, hasVariable, onlyVariable, readBoolean, readPairs } from "./supervisord-values.ts";
import type { TomlValue } from "./toml-text.ts";

/** What one process of a program becomes, by keys of the manifest. */
export interface ProgramKeys {
  readonly keys: Readonly<Record<string, TomlValue | undefined>>;
  readonly disabled: boolean;
  /** As written; the caller knows which are taken. */
  readonly logFile: string | undefined;
  readonly logKeys: Readonly<Record<string, TomlValue | undefined>>;
}

const signals: Readonly<Record<string, string>> = { 1: "HUP", 2: "INT", 3: "QUIT", 9: "KILL", 10: "USR1", 12: "USR2", 15: "TERM" };

/** The keys of one process. Undefined: there is no command that could be run. */
export function programKeys(fields: SupervisordFields, known: Expressions): ProgramKeys | undefined {
  const environment = environmentOf(fields, known);
  const run = commandOf(fields, known, environment.computed);
  if (run === undefined) return undefined;
  const directory = textOf(fields, "directory", known);
  const { file, keys } = logOf(fields, known);
  const again = fields.text("autorestart")?.trim().toLowerCase() ?? "unexpected";
  const codes = (fields.text("exitcodes") ?? "0").split(",").map((code) => Number(code.trim()));
  const usable = codes.filter((code) => Number.isInteger(code) && code >= 0 && code <= 255);
  if (usable.length < codes.length) fields.note("exitcodes", "an exit code is no number from 0 to 255 and is left out");
  const disabled = readBoolean(fields.text("autostart") ?? "true") === false;
  const seconds = fields.whole("startsecs");
  if (seconds === 0)
    fields.note(
      "startsecs",
      '"startsecs=0" is not carried over',
      "a quick end with a good exit code is no failure here; see success_exit_codes",
    );
  return {
    keys: {
      ...run,
      cwd: directory,
      env: Object.keys(environment.plain).length > 0 ? environment.plain : undefined,
      user: identity(textOf(fields, "user", known)),
      disabled: disabled ? true : undefined,
      restart: again === "unexpected" ? undefined : readBoolean(again) === true ? "always" : "never",
      success_exit_codes: fields.text("exitcodes") !== undefined && usable.join() !== "0" ? usable : undefined,
      max_restarts: fields.whole("startretries"),
      stable_after: seconds === undefined || seconds === 0 ? undefined : duration(fields, "startsecs", seconds),
      stop_signal: signalOf(fields),
      stop_timeout: secondsOf(fields, "stopwaitsecs"),
    },
    disabled,
    logFile: file,
    logKeys: keys,
  };
}

/** The words of the command; through a shell where the environment is needed for them. */
function commandOf(fields: SupervisordFields, known: Expressions, computed: readonly (readonly [string, string])[]) {
  const written = fields.text("command");
  const line = written === undefined ? undefined : expand(written.replaceAll("\n", " "), known);
  const words = line === undefined ? undefined : splitWords(line);
  if (words === undefined || words.length === 0) {
    fields.note(
      written === undefined ? undefined : "command",
      `there is no command that can be read${written === undefined ? "" : ": a quote or %(...)s in it"}, so it is left out`,
    );
    return undefined;
  }
  const [command = "", ...args] = words;
  if (computed.length === 0 && !words.some(hasVariable)) return { command, args: args.length > 0 ? args : undefined };
  const assignments = computed.map(([name, value]) => `${name}=${forShell(value, shellQuoted)} `).join("");
  return { command: "sh", args: ["-c", `${assignments}exec ${words.map((word) => forShell(word, shellQuoted)).join(" ")}`] };
}

/** Variables with their values, and those whose values need the environment. */
function environmentOf(fields: SupervisordFields, known: Expressions) {
  const plain: Record<string, string> = {};
  const computed: (readonly [string, string])[] = [];
  const written = fields.text("environment");
  const pairs = written === undefined ? [] : readPairs(written);
  if (pairs === undefined)
    fields.note("environment", '"environment" cannot be read and is left out', 'write it as KEY="value",KEY2="value"');
  for (const [name, value] of pairs ?? []) {
    const text = expand(value, known);
    if (text === undefined) fields.note("environment", `the variable ${name} is left out: what is in it is not known here`);
    else if (onlyVariable(text) === name) continue;
    else if (!hasVariable(text)) plain[name] = text;
    else if (/^[A-Za-z_]\w*$/.test(name)) computed.push([name, text]);
    else fields.note("environment", `the variable ${name} is left out: no shell could set it`);
  }
  return { plain, computed };
}

/** A text in which nothing needs the environment. */
function textOf(fields: SupervisordFields, key: string, known: Expressions): string | undefined {
  const written = fields.text(key);
  if (written === undefined || written === "") return undefined;
  const text = expand(written, known);
  if (text === undefined || hasVariable(text) || text.startsWith("~")) {
    fields.note(key, `"${key}" is not carried over: what is in it is not known here`, "write it out");
    return undefined;
  }
  return text;
}

const noFile = /^(none|auto|syslog|)$/i;
const ownOutput = /^\/(dev\/(stdout|stderr|fd\/[12]|null|tty)|proc\/(self|1)\/fd\/[12])$/;

function logOf(fields: SupervisordFields, known: Expressions) {
  const isFile = (file: string | undefined): file is string => file !== undefined && !noFile.test(file) && !ownOutput.test(file);
  const [out, error] = [textOf(fields, "stdout_logfile", known), textOf(fields, "stderr_logfile", known)];
  const joined = readBoolean(fields.text("redirect_stderr") ?? "false") === true;
  const file = [out, joined ? undefined : error].find(isFile);
  if (file === undefined) return { file, keys: {} };
  if (!joined && isFile(error) && error !== file)
    fields.note("stderr_logfile", `what it prints goes to one file, ${file}`, "mothership does not part output and errors");
  const from = file === out ? "stdout" : "stderr";
  const bytes = sizeOf(fields, `${from}_logfile_maxbytes`);
  const backups = fields.whole(`${from}_logfile_backups`);
  return { file, keys: { max_size: bytes, max_files: backups === undefined ? undefined : Math.min(backups, 1000) } };
}

function sizeOf(fields: SupervisordFields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const bytes = bytesOf(text);
  if (bytes === 0) {
    fields.note(key, "a log file without an end is not carried over", "it is renamed at 10 MiB, and 5 are kept; see max_size");
    return undefined;
  }
  const size = bytes === undefined ? undefined : sizeText(Math.max(bytes, 4096));
  if (size === undefined) fields.note(key, `"${key}" is no size and is left out`);
  return size;
}

function signalOf(fields: SupervisordFields): string | undefined {
  const written = fields.text("stopsignal")?.trim().toUpperCase().replace(/^SIG/, "");
  if (written === undefined) return undefined;
  const name = signals[written] ?? written;
  if (Object.values(signals).includes(name)) return name === "TERM" ? undefined : `SIG${name}`;
  fields.note("stopsignal", '"stopsignal" is not carried over', "mothership stops with another one, see stop_signal");
  return undefined;
}

function secondsOf(fields: SupervisordFields, key: string): string | undefined {
  const seconds = fields.whole(key);
  return seconds === undefined ? undefined : duration(fields, key, seconds);
}

function duration(fields: SupervisordFields, key: string, seconds: number): string | undefined {
  const text = durationText(seconds * 1000);
  if (text === undefined) fields.note(key, `"${key}" is no time from 1 s to 24 h and is left out`);
  return text;
}

function identity(text: string | undefined): string | number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}
