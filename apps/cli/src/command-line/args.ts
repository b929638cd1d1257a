import { type ParseArgsConfig, parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { UsageError } from "../errors.ts";
import { type CommandName, commandNames, commandOf, optionsOf } from "./command-table.ts";
import { type Option, type OptionName, options } from "./option-table.ts";

/** Each option with the type that it is read to. Texts are as written. */
type Given = {
  readonly [N in OptionName]: (typeof options)[N] extends { readonly multiple: true }
    ? readonly string[]
    : (typeof options)[N] extends { readonly value: unknown }
      ? string | undefined
      : boolean;
};

/** What the command line asks for. */
export interface Invocation extends Omit<Given, "version"> {
  readonly command: CommandName;
  /** The words behind the command: names of units, mostly. */
  readonly operands: readonly string[];
}

/** The options that stand before their value: the word behind one is never a command. */
const beforeValue: ReadonlySet<string> = new Set(
  entries(options).flatMap(([name, option]) => (option.value ? [`--${name}`, ...(option.short ? [`-${option.short}`] : [])] : [])),
);

/** The place of the word that names the command; -1 when there is none, which means `run`. */
export function commandPlace(words: readonly string[]): number {
  return words.findIndex((word, index) => !word.startsWith("-") && !beforeValue.has(words[index - 1] ?? ""));
}

/**
 * Reads the command line. The first word that is no option names the command; `run` when there is none.
 *
 * @throws {UsageError} naming the word that is wrong and, where one is near, what was probably meant.
 */
export function parseCommandLine(words: readonly string[]): Invocation {
  const at = commandPlace(words);
  assertKnownOptions(at === -1 ? words : words.slice(0, at));
  const asksForHelp = at === -1 && words.some((word) => word === "--help" || word === "-h");
  const command = at === -1 ? (asksForHelp ? "help" : "run") : commandNamed(words[at] ?? "");
  const known = optionsOf(command);
  const args = words.filter((_, index) => index !== at);
  const { values, positionals, tokens } = parseArgs({ args, options: shapeOf(known), strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const name = known.find((name) => name === token.name);
    if (name === undefined) throw new UsageError(`"${command}" has no option "${token.rawName}"${nearest(token.name, known, "--")}`);
    const { value }: Option = options[name];
    if (value && !token.value) throw new UsageError(`"${token.rawName}" needs a value: ${token.rawName} ${value.shown}`);
    if (!value && token.value !== undefined) throw new UsageError(`"${token.rawName}" takes no value`);
  }
  const help = values["help"] === true || command === "help";
  const { operands = { least: 0, most: 0, needs: "" } } = commandOf(command);
  if (positionals.length > operands.most)
    throw new UsageError(
      `"${command}" does not take "${positionals[operands.most]}"; ${commandOf(command).surplus ?? `"mothership help ${command}" says what it takes`}`,
    );
  if (positionals.length < operands.least && !help && values["version"] !== true)
    throw new UsageError(`"${command}" needs ${operands.needs}; "mothership help ${command}" has an example`);
  const { version, ...given } = givenOf(values);
  return {
    ...given,
    command: version ? "version" : command === "help" && positionals[0] ? commandNamed(positionals[0]) : command,
    operands: command === "help" ? [] : positionals,
    help,
  };
}

/** An option that no command has is told as such: the word behind it may be its value, and is no command then. */
function assertKnownOptions(words: readonly string[]): void {
  const names = Object.keys(options);
  for (const word of words) {
    if (word === "--") return;
    const [, name] = /^--([^=]+)/.exec(word) ?? [];
    if (name !== undefined && !names.includes(name)) throw new UsageError(`there is no option "--${name}"${nearest(name, names, "--")}`);
  }
}

function shapeOf(names: readonly OptionName[]): NonNullable<ParseArgsConfig["options"]> {
  return Object.fromEntries(
    names.map((name) => {
      const { short, value, multiple }: Option = options[name];
      return [name, { type: value ? "string" : "boolean", ...(short && { short }), ...(multiple && { multiple }) }];
    }),
  );
}

/** Every option, given or not. Each has the type that it was declared with: whoever calls this has made sure. */
function givenOf(values: Readonly<Record<string, unknown>>): Given {
  const given = entries(options).map(([name, { value, multiple }]) => {
    const found = values[name];
    if (!multiple) return [name, value ? found : found === true];
    const texts = (found ?? []) as readonly string[];
    // Only names are listed with commas between.
    return [name, value?.is === "member" ? list(`--${name}`, texts) : texts];
  });
  return Object.fromEntries(given) as Given;
}

function entries(table: Readonly<Record<string, Option>>): readonly (readonly [string, Option])[] {
  return Object.entries(table);
}

function commandNamed(word: string): CommandName {
  const command = commandNames.find((name) => name === word);
  if (!command) throw new UsageError(`there is no command "${word}"${nearest(word, commandNames, "")}`);
  return command;
}

/** A filter that names nothing would start everything, which is the opposite of what was meant. */
function list(option: string, values: readonly string[]): string[] {
  const named = values
    .flatMap((value) => value.split(","))
    .map((value) => value.trim())
    .filter((value) => value !== "");
  if (values.length > 0 && named.length === 0)
    throw new UsageError(`"${option}" names nothing; write tags, groups or names, such as ${option} web,api`);
  return named;
}

/** What was probably meant: what the word is the beginning of, else what differs from it by little. */
function nearest(word: string, known: readonly string[], prefix: string): string {
  const begun = word.length > 1 ? known.filter((name) => name.startsWith(word)) : [];
  const [best] = known.map((name) => ({ name, far: distance(word, name) })).sort((a, b) => a.far - b.far);
  const near = best && best.far < word.length && best.far <= Math.max(2, word.length / 3) ? [best.name] : [];
  const meant = begun.length > 0 && begun.length <= 3 ? begun : near;
  if (meant.length > 0) return `; did you mean ${meant.map((name) => `"${prefix}${name}"`).join(" or ")}?`;
  return `; "mothership --help" shows what there is`;
}
