import { commandNames, commandOf, optionsOf } from "../../src/command-line/command-table.ts";
import { environment } from "../../src/command-line/environment-table.ts";
import { exitMeanings } from "../../src/command-line/exit-codes.ts";
import { optionAbout } from "../../src/command-line/help.ts";
import { type Option, type OptionName, options } from "../../src/command-line/option-table.ts";
import { wrap } from "../../src/terminal/wrap.ts";

/** When the page last said something new; its foot shows it. */
const date = "November 29, 2026";

/** The man page, in the mdoc language: the same tables as help, in the order that readers of man pages know. */
export function manPage(): string {
  const general = [...commandOf("run").options, "version", "help"] as const;
  return [
    `.Dd ${date}`,
    ".Dt MOTHERSHIP 1",
    ".Os",
    ".Sh NAME",
    ".Nm mothership",
    ".Nd run a fleet of processes and put them on the network",
    ".Sh SYNOPSIS",
    ...commandNames.flatMap((name) => commandOf(name).usage.map((form) => `.Nm\n${formOf(form)}`)),
    ".Sh DESCRIPTION",
    ".Nm",
    text(
      "runs processes (ships, bays and jobs) in the order of their dependencies, restarts what crashes, stops everything cleanly, and is the reverse proxy in front of them.",
    ),
    text("A manifest, by default"),
    ".Pa ship-manifest.toml",
    text("in the current folder, describes it all."),
    ".Pp",
    text("Options of"),
    ".Cm run ,",
    text("which is what is done without a command:"),
    ...list(general.map((option) => [flags(option), optionAbout("run", option)])),
    ".Sh COMMANDS",
    ...commandNames.flatMap(commandSection),
    ".Sh ENVIRONMENT",
    ...list(environment.map(([name, about]) => [`Ev ${name}`, about])),
    ".Sh FILES",
    ...list([
      ["Pa ship-manifest.toml", "the manifest"],
      ["Pa ship-manifest.schema.json", "its schema, for editors; written by init"],
      [
        "Pa $XDG_RUNTIME_DIR/mothership",
        "control sockets, where MS_SOCKET_DIR is not set; without XDG_RUNTIME_DIR a folder mothership-UID among the temporary files",
      ],
    ]),
    ".Sh EXIT STATUS",
    ...list(exitMeanings.map(([code, meaning]) => [String(code), meaning])),
    ".Sh EXAMPLES",
    ".Bd -literal -offset indent",
    ...["init", "clearance", "", "status --watch", "logs app --follow"].map((line) => literal(`mothership ${line}`.trimEnd())),
    ".Ed",
    ".Sh SEE ALSO",
    ".Lk https://github.com/seuros/mothership#readme",
    "",
  ].join("\n");
}

function commandSection(name: (typeof commandNames)[number]): string[] {
  const { usage, does, examples } = commandOf(name);
  const shown = optionsOf(name).filter((option) => option !== "version" && option !== "help");
  return [
    `.Ss ${name}`,
    ...usage.flatMap((form, at) => [...(at > 0 ? [".br"] : []), ".Nm", formOf(form)]),
    ".Pp",
    ...does.split("\n").flatMap((paragraph, at) => [...(at > 0 ? [".Pp"] : []), text(paragraph)]),
    ...list(shown.map((option) => [flags(option), optionAbout(name, option)])),
    ".Pp",
    examples.length === 1 ? "Example:" : "Examples:",
    ".Bd -literal -offset indent",
    ...examples.map((example) => literal(`mothership ${example}`)),
    ".Ed",
  ];
}

/** A tagged list; nothing where there is nothing in it. */
function list(items: readonly (readonly [tag: string, about: string])[]): string[] {
  if (items.length === 0) return [];
  return [".Bl -tag -width Ds", ...items.flatMap(([tag, about]) => [`.It ${tag}`, text(about)]), ".El"];
}

function flags(name: OptionName): string {
  const { short, value }: Option = options[name];
  const argument = value ? ` Ar ${value.shown}` : "";
  return `${short ? `Fl ${short} , ` : ""}Fl -${name}${argument}`;
}

/** A form of calling, such as `logs [NAME...] [-f]`, in macros: what is in brackets may be left out, capitals stand for something. */
function formOf(form: string): string {
  const parts = form.match(/\[[^\]]*\]|\S+/g) ?? [];
  return parts.map((part) => (part.startsWith("[") ? `.Op ${macros(part.slice(1, -1))}` : `.${macros(part)}`)).join("\n");
}

function macros(words: string): string {
  return words
    .split(" ")
    .map((word) =>
      word.startsWith("-") ? `Fl ${word.slice(1)}` : /^[A-Z]/.test(word) ? `Ar ${word.replace("...", " ...")}` : `Cm ${word}`,
    )
    .join(" ");
}

/** Prose, each sentence in a line of its own, as the language wants it. */
function text(prose: string): string {
  return prose
    .split(/(?<=[.:;?]) (?=[A-Z])/)
    .flatMap((sentence) => wrap(sentence, 76).split("\n"))
    .map(literal)
    .join("\n");
}

/** Text as it stands: what the language would take for a command, an escape or a hyphen is written so that it does not. */
function literal(line: string): string {
  return line
    .replaceAll("\\", "\\e")
    .replace(/^(?=[.'])/, "\\&")
    .replaceAll("~", "\\(ti")
    .replaceAll(/ {2,}/g, " ")
    .replaceAll(/(?<![\w-])--?(?=\w)/g, (dashes) => dashes.replaceAll("-", "\\-"));
}
