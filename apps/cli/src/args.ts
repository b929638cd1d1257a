import { type ParseArgsConfig, parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { UsageError } from "./errors.ts";

/** What the command line asks for. */
export interface Invocation {
  readonly command: CommandName;
  /** The words behind the command: names of units, mostly. */
  readonly operands: readonly string[];
  readonly manifest: string | undefined;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  readonly follow: boolean;
  /** As written. */
  readonly tail: string | undefined;
  readonly since: string | undefined;
  readonly timeout: string | undefined;
  readonly for: string | undefined;
  readonly request: string | undefined;
  readonly bay: boolean;
  readonly tui: boolean;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

interface GivenOptions {
  readonly help?: boolean;
  readonly version?: boolean;
  readonly manifest?: string;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly json?: boolean;
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly timeout?: string;
  readonly for?: string;
  readonly request?: string;
  readonly bay?: boolean;
  readonly tui?: boolean;
}

interface CommandShape {
  readonly options: Options;
  /** How many operands it takes. */
  readonly least: number;
  readonly most: number;
  /** What they are, for a message. */
  readonly operand?: string;
}

const everywhere = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "V" } } as const satisfies Options;
const manifest = { manifest: { type: "string", short: "c" } } as const satisfies Options;
const filter = { only: { type: "string", multiple: true }, except: { type: "string", multiple: true } } as const satisfies Options;
const json = { json: { type: "boolean" } } as const satisfies Options;
const steering = { ...everywhere, ...manifest, ...json };
const units = { options: steering, least: 1, most: Infinity, operand: "the name of a ship, bay or job" };

/** The commands, with the options and operands that each understands. */
const shapes = {
  run: { options: { ...everywhere, ...manifest, ...filter, tui: { type: "boolean" } }, least: 0, most: 0 },
  clearance: { options: { ...everywhere, ...manifest, ...filter, ...json }, least: 0, most: 0 },
  preflight: { options: steering, least: 0, most: 0 },
  chart: { options: { ...everywhere, ...manifest, ...filter, ...json }, least: 0, most: 0 },
  init: { options: { ...everywhere, ...manifest, bay: { type: "boolean" } }, least: 0, most: 0 },
  tui: { options: { ...everywhere, ...manifest }, least: 0, most: 0 },
  status: { options: steering, least: 0, most: 0 },
  logs: {
    options: { ...steering, follow: { type: "boolean", short: "f" }, tail: { type: "string", short: "n" }, since: { type: "string" } },
    least: 0,
    most: Infinity,
  },
  explain: { ...units, most: 1 },
  start: units,
  stop: units,
  restart: units,
  signal: { ...units, least: 2, most: 2, operand: "a name and a signal such as SIGHUP" },
  wait: { options: { ...steering, for: { type: "string" }, timeout: { type: "string" } }, least: 0, most: Infinity },
  payload: {
    options: { ...everywhere, ...json, request: { type: "string" } },
    least: 2,
    most: 2,
    operand: "check or run, and the file of a module",
  },
  plan: { options: steering, least: 0, most: 0 },
  reload: { options: steering, least: 0, most: 0 },
  help: { options: everywhere, least: 0, most: 1 },
  version: { options: everywhere, least: 0, most: 0 },
} as const satisfies Record<string, CommandShape>;

export type CommandName = keyof typeof shapes;
// The keys of a literal are its names.
export const commandNames = Object.keys(shapes) as readonly CommandName[];

/** Options that stand before their value: the word behind one is never a command. */
const beforeValue = /^(-c|-n|--manifest|--only|--except|--tail|--since|--for|--timeout|--request)$/;

/**
 * Reads the command line. The first word that is no option names the command; `run` when there is none.
 *
 * @throws {UsageError} naming the word that is wrong and, where one is near, what was probably meant.
 */
export function parseCommandLine(words: readonly string[]): Invocation {
  const at = words.findIndex((word, index) => !word.startsWith("-") && !beforeValue.test(words[index - 1] ?? ""));
  const asksForHelp = at === -1 && words.some((word) => word === "--help" || word === "-h");
  const command = at === -1 ? (asksForHelp ? "help" : "run") : commandNamed(words[at] ?? "");
  const shape: CommandShape = shapes[command];
  const args = words.filter((_, index) => index !== at);
  const { values, positionals, tokens } = parseArgs({ args, options: shape.options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(shape.options, token.name) ? shape.options[token.name] : undefined;
    if (!option)
      throw new UsageError(`"${command}" has no option "${token.rawName}"${nearest(token.name, Object.keys(shape.options), "--")}`);
    if (option.type === "string" && !token.value) throw new UsageError(`"${token.rawName}" needs a value`);
    if (option.type === "boolean" && token.value !== undefined) throw new UsageError(`"${token.rawName}" takes no value`);
  }
  // The loop above has made sure that each option has the type that it was declared with.
  const given = values as GivenOptions;
  const help = given.help === true || command === "help";
  if (positionals.length > shape.most) throw new UsageError(`"${command}" does not take "${positionals[shape.most]}"`);
  if (positionals.length < shape.least && !help)
    throw new UsageError(`"${command}" needs ${shape.operand}; "mothership help ${command}" has an example`);
  return {
    command: given.version === true ? "version" : command === "help" && positionals[0] ? commandNamed(positionals[0]) : command,
    operands: command === "help" ? [] : positionals,
    manifest: given.manifest,
    only: list("--only", given.only),
    except: list("--except", given.except),
    json: given.json === true,
    help,
    follow: given.follow === true,
    tail: given.tail,
    since: given.since,
    timeout: given.timeout,
    for: given.for,
    request: given.request,
    bay: given.bay === true,
    tui: given.tui === true,
  };
}

function commandNamed(word: string): CommandName {
  const command = commandNames.find((name) => name === word);
  if (!command) throw new UsageError(`there is no command "${word}"${nearest(word, commandNames, "")}`);
  return command;
}

/** A filter that names nothing would start everything, which is the opposite of what was meant. */
function list(option: string, values: readonly string[] = []): string[] {
  const named = values
    .flatMap((value) => value.split(","))
    .map((value) => value.trim())
    .filter((value) => value !== "");
  if (values.length > 0 && named.length === 0)
    throw new UsageError(`"${option}" names nothing; write tags, groups or names, such as ${option} web,api`);
  return named;
}

function nearest(word: string, known: readonly string[], prefix: string): string {
  const [best] = known.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far);
  if (best && best.far < word.length && best.far <= Math.max(2, word.length / 3)) return `; did you mean "${prefix}${best.name}"?`;
  return `; "mothership --help" shows what there is`;
}
