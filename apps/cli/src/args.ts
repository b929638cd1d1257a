import { type ParseArgsConfig, parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { UsageError } from "./errors.ts";

/** What the command line asks for. */
export interface Invocation {
  readonly command: CommandName;
  readonly manifest: string | undefined;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
}

export const commandNames = ["run", "clearance", "chart", "init", "help", "version"] as const;
export type CommandName = (typeof commandNames)[number];

type Options = NonNullable<ParseArgsConfig["options"]>;
const everywhere = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "V" } } as const satisfies Options;
const manifest = { manifest: { type: "string", short: "c" } } as const satisfies Options;
const filter = { only: { type: "string", multiple: true }, except: { type: "string", multiple: true } } as const satisfies Options;
const json = { json: { type: "boolean" } } as const satisfies Options;

/** The options that each command understands. */
const optionsOf: Record<CommandName, Options> = {
  run: { ...everywhere, ...manifest, ...filter },
  clearance: { ...everywhere, ...manifest, ...filter, ...json },
  chart: { ...everywhere, ...manifest, ...filter, ...json },
  init: { ...everywhere, ...manifest },
  help: everywhere,
  version: everywhere,
};

/**
 * Reads the command line. The first word that is no option names the command; `run` when there is none.
 *
 * @throws {UsageError} naming the word that is wrong and, where one is near, what was probably meant.
 */
export function parseCommandLine(words: readonly string[]): Invocation {
  const at = words.findIndex((word, index) => !word.startsWith("-") && !takesValue(words[index - 1]));
  const command = at === -1 ? "run" : commandNamed(words[at] ?? "");
  const rest = words.filter((_, index) => index !== at);
  const options = optionsOf[command];
  const { values, positionals, tokens } = parseArgs({ args: rest, options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = options[token.name];
    if (!option) throw new UsageError(`"${command}" has no option "${token.rawName}"${nearest(token.name, Object.keys(options), "--")}`);
    if (option.type === "string" && !token.value) throw new UsageError(`"${token.rawName}" needs a value`);
    if (option.type === "boolean" && token.value !== undefined) throw new UsageError(`"${token.rawName}" takes no value`);
  }
  if (positionals.length > 0 && command !== "help") throw new UsageError(`"${command}" does not take "${positionals[0]}"`);
  // The loop above has made sure that each option has the type that it was declared with.
  const given = values as { help?: boolean; version?: boolean; manifest?: string; only?: string[]; except?: string[]; json?: boolean };
  return {
    command: given.version === true ? "version" : command === "help" && positionals[0] ? commandNamed(positionals[0]) : command,
    manifest: given.manifest,
    only: list(given.only),
    except: list(given.except),
    json: given.json === true,
    help: given.help === true || command === "help",
  };
}

/** Every string option is written before its value, so the word behind one is never a command. */
function takesValue(word: string | undefined): boolean {
  return word !== undefined && /^(-c|--manifest|--only|--except)$/.test(word);
}

function commandNamed(word: string): CommandName {
  const command = commandNames.find((name) => name === word);
  if (!command) throw new UsageError(`there is no command "${word}"${nearest(word, commandNames, "")}`);
  return command;
}

function list(values: readonly string[] = []): string[] {
  return values
    .flatMap((value) => value.split(","))
    .map((value) => value.trim())
    .filter((value) => value !== "");
}

function nearest(word: string, known: readonly string[], prefix: string): string {
  const [best] = known.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far);
  if (best && best.far < word.length && best.far <= Math.max(2, word.length / 3)) return `; did you mean "${prefix}${best.name}"?`;
  return `; "mothership --help" shows what there is`;
}
