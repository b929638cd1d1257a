import { wrap } from "../terminal/wrap.ts";
import { type Command, type CommandName, commandNames, commandOf, optionsOf } from "./command-table.ts";
import { exitMeanings } from "./exit-codes.ts";
import { type Option, type OptionName, options } from "./option-table.ts";

/** Help fits the smallest terminal that people use. */
const columns = 80;
/** Where the explanation of an option, and of a command in the list, begins. */
const optionColumn = 24;
const commandColumn = 26;

const heads: Readonly<Record<Command["section"], string>> = {
  fleet: "",
  running: "about a fleet that runs:\n",
  more: "more:\n",
};

/** What `--help` prints for a command. */
export function helpFor(name: CommandName): string {
  return name === "help" ? overview() : helpOfCommand(name);
}

function helpOfCommand(name: CommandName): string {
  const { usage, does, examples } = commandOf(name);
  const forms = usage.map((form) => `mothership ${form}`).join("\n");
  return `${forms}\n\n${wrap(does, columns)}\n\n${optionsOf(name)
    .filter((option) => option !== "version")
    .map((option) => optionLine(name, option))
    .join("\n")}\n\n${exampleLines(examples)}\n`;
}

function overview(): string {
  const sections = (Object.keys(heads) as readonly Command["section"][]).map((section) => {
    const lines = commandNames
      .filter((name) => commandOf(name).section === section)
      .map((name) => `  ${callOf(name)}`.padEnd(commandColumn) + commandOf(name).summary);
    return `${heads[section]}${lines.join("\n")}`;
  });
  const general = [...commandOf("run").options, "version", "help"] as const;
  const codes = exitMeanings.map(([code, meaning]) => `  ${String(code).padStart(2)}  ${wrap(meaning, columns, 6)}`);
  return `mothership: runs a fleet of processes and puts them on the network.

mothership [COMMAND] [OPTIONS]

${sections.join("\n\n")}

options:
${general.map((option) => optionLine("run", option)).join("\n")}

exit codes:
${codes.join("\n")}

Example: mothership -c deploy/ship-manifest.toml
`;
}

/** The name of a command with its operands, `run` being what is done without a name. */
function callOf(name: CommandName): string {
  if (name === "run") return "[run]";
  const { operands } = commandOf(name);
  if (!operands) return name;
  const { each, least, most } = operands;
  const words = each.map(({ shown }, place) => {
    const more = most === Infinity ? `${shown}...` : shown;
    return place < least ? more : `[${more}]`;
  });
  return `${name} ${words.join(" ")}`;
}

/** An option with its short form and the word for its value: `-c, --manifest FILE`. */
export function optionForms(name: OptionName): string {
  const { short, value }: Option = options[name];
  return `${short ? `-${short}, ` : ""}--${name}${value ? ` ${value.shown}` : ""}`;
}

/** What an option of this command does. */
export function optionAbout(command: CommandName, name: OptionName): string {
  return commandOf(command).about?.[name] ?? options[name].about;
}

function optionLine(command: CommandName, name: OptionName): string {
  const forms = `  ${optionForms(name)}`;
  // What would touch its explanation has a line to itself.
  const before = forms.length < optionColumn ? forms.padEnd(optionColumn) : `${forms}\n${" ".repeat(optionColumn)}`;
  return before + wrap(optionAbout(command, name), columns, optionColumn);
}

function exampleLines(examples: readonly string[]): string {
  if (examples.length === 1) return `Example: mothership ${examples[0]}`;
  return `Examples:\n${examples.map((example) => `  mothership ${example}`).join("\n")}`;
}
