/** What a word of the command line is, for help and for completion. */
export interface Value {
  /** As help shows it: `FILE`, `NAME`. */
  readonly shown: string;
  /**
   * Where words for it come from. unit: the fleet that runs, else the manifest. steered: the same without prelaunch jobs, which nobody starts
   * or stops. member: tags, groups and names of the manifest, with commas between. signal: the signals of this system. command: the commands. words: those of `words`. text: nobody can know.
   */
  readonly is: "file" | "unit" | "steered" | "member" | "signal" | "command" | "words" | "text";
  readonly words?: readonly string[];
}

/** An option that some command takes. One name means the same everywhere. */
export interface Option {
  /** The letter of its short form. */
  readonly short?: string;
  /** Absent: a switch. */
  readonly value?: Value;
  /** May be given more than once. */
  readonly multiple?: boolean;
  /** What it does, for help; a command may say it in its own words. */
  readonly about: string;
}

const time = { shown: "TIME", is: "text" } as const;
const members = { shown: "A,B", is: "member" } as const;

/** Every option of every command. */
export const options = {
  manifest: { short: "c", value: { shown: "FILE", is: "file" }, about: "the manifest (default: ship-manifest.toml here)" },
  only: { value: members, multiple: true, about: "only ships and bays with one of these tags, groups or names" },
  except: { value: members, multiple: true, about: "all but those" },
  tui: { about: "show the fleet in a user interface; q stops it" },
  bay: { about: "a project of one WebSocket bay, ready to run" },
  follow: { short: "f", about: "go on with what comes" },
  tail: { short: "n", value: { shown: "LINES", is: "text" }, about: "so many lines of each unit (default: all that are kept)" },
  since: { value: time, about: "nothing older: 30s, 5m, 2h, or a date such as 2026-01-31T08:00:00Z" },
  watch: { short: "w", about: "show it again and again, until q or Ctrl-C" },
  interval: { value: time, about: "so long between two looks of --watch (default 2s, at least 200ms)" },
  for: { value: { shown: "STATE", is: "words", words: ["ready", "stopped"] }, about: "ready (default) or stopped" },
  timeout: { value: time, about: "give up after so long (default 60s), exit code 4" },
  request: {
    value: { shown: "FILE", is: "file" },
    about: "the request, and for a response module its `response` (default: GET /)",
  },
  ua: { value: { shown: "TEXT", is: "text" }, about: "the User-Agent of the request" },
  path: { value: { shown: "PATH", is: "text" }, about: "its path (default: /)" },
  header: { value: { shown: "'NAME: VALUE'", is: "text" }, multiple: true, about: "a header of the request; may be given again" },
  method: { value: { shown: "METHOD", is: "text" }, about: "its method (default: GET)" },
  client: { value: { shown: "ADDRESS", is: "text" }, about: "address of the client (default: 127.0.0.1)" },
  bind: { value: { shown: "BIND", is: "text" }, about: "the bind that it comes in on (default: the first one)" },
  http: { value: { shown: "VERSION", is: "words", words: ["1.0", "1.1", "2"] }, about: "version of HTTP (default: 1.1)" },
  from: {
    value: { shown: "TOOL", is: "words", words: ["procfile", "pm2", "supervisord"] },
    about: "whose file it is: procfile, pm2 or supervisord (default: its name and content tell)",
  },
  output: { short: "o", value: { shown: "PATH", is: "file" }, about: "where to, in place of standard output; nothing is overwritten" },
  env: { value: { shown: "NAME", is: "text" }, about: "pm2: the variables in env_NAME hold, as with pm2 start --env NAME" },
  "allow-code": { about: "pm2: run a JavaScript file that computes what it exports; it may do what you may do, but write no files" },
  "per-ship": { about: "run each ship by itself there, without mothership" },
  image: { value: { shown: "NAME", is: "text" }, about: "the container image that is run (default: the name of the fleet)" },
  json: { about: "for machines" },
  version: { short: "V", about: "the version" },
  help: { short: "h", about: "this text" },
} as const satisfies Readonly<Record<string, Option>>;

export type OptionName = keyof typeof options;
