import { constants } from "node:os";
import { commandPlace } from "../command-line/args.ts";
import { type CommandName, commandNames, commandOf, optionsOf } from "../command-line/command-table.ts";
import { optionAbout } from "../command-line/help.ts";
import { type Option, type OptionName, options, type Value } from "../command-line/option-table.ts";

/** A word that may stand where the cursor is. */
export interface Candidate {
  readonly word: string;
  /** A few words about it; "" where there is nothing to say. */
  readonly about: string;
}

/** What may stand where the cursor is. */
export interface Completion {
  /** The shell completes names of files, `prefix` standing before them. */
  readonly files?: { readonly prefix: string };
  readonly candidates: readonly Candidate[];
}

/** Names that only the fleet or its manifest knows; asked for only where they are needed. */
export interface KnownNames {
  /** Ships, bays and jobs; `steered`: without prelaunch jobs. `manifest`: as the command line names it. */
  units(manifest: string | undefined, which: "all" | "steered"): Promise<readonly Candidate[]>;
  /** Tags, groups and names. */
  members(manifest: string | undefined): Promise<readonly Candidate[]>;
}

const nothing: Completion = { candidates: [] };

/** Completes the last of these words, which stand behind the name of the program; it may be empty. */
export async function complete(words: readonly string[], names: KnownNames): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const at = commandPlace(before);
  const command = commandNames.find((name) => name === before[at]);
  if (at >= 0 && command === undefined) return nothing;
  const ended = before.includes("--");
  const manifest = manifestOf(before);

  const expected = ended ? undefined : valueExpected(before.at(-1), command);
  if (expected) return await completeValue(expected, current, "", { names, manifest, given: [] });
  const [, name = "", written = ""] = /^--([^=]+)=(.*)$/.exec(current) ?? [];
  const assigned = name === "" ? undefined : optionOf(name, command)?.value;
  if (assigned && !ended) return await completeValue(assigned, written, `--${name}=`, { names, manifest, given: [] });
  if (current.startsWith("-") && !ended) return fitting(optionWords(command, before), current);
  if (command === undefined) return ended ? nothing : fitting(commandWords(), current);

  const given = before.slice(at + 1).filter((word, index, all) => !word.startsWith("-") && !valueExpected(all[index - 1], command));
  const { operands } = commandOf(command);
  if (!operands || given.length >= operands.most) return ended ? nothing : fitting(optionWords(command, before), current);
  const value = operands.each[Math.min(given.length, operands.each.length - 1)];
  return value ? await completeValue(value, current, "", { names, manifest, given }) : nothing;
}

interface Around {
  readonly names: KnownNames;
  readonly manifest: string | undefined;
  /** Words that are there already and are not offered again. */
  readonly given: readonly string[];
}

async function completeValue(value: Value, current: string, prefix: string, { names, manifest, given }: Around): Promise<Completion> {
  switch (value.is) {
    case "file":
      return { files: { prefix }, candidates: [] };
    case "text":
      return nothing;
    case "words":
      return fitting((value.words ?? []).map(plain), current, prefix);
    case "command":
      return fitting(commandWords(), current, prefix);
    case "signal":
      return fitting(Object.keys(constants.signals).map(plain), current, prefix);
    case "unit":
    case "steered": {
      const units = await names.units(manifest, value.is === "unit" ? "all" : "steered");
      return fitting(
        units.filter(({ word }) => !given.includes(word)),
        current,
        prefix,
      );
    }
    case "member": {
      // What is left of the last comma is done.
      const done = current.slice(0, current.lastIndexOf(",") + 1);
      const members = await names.members(manifest);
      const open = members.filter(({ word }) => !done.split(",").includes(word));
      return fitting(open, current.slice(done.length), prefix + done);
    }
  }
}

function fitting(all: readonly Candidate[], current: string, prefix = ""): Completion {
  const candidates = all.filter(({ word }) => word.startsWith(current)).map(({ word, about }) => ({ word: prefix + word, about }));
  return { candidates };
}

function commandWords(): Candidate[] {
  return commandNames.map((word) => ({ word, about: commandOf(word).summary }));
}

/** Options that the command takes and that are not there yet. */
function optionWords(command: CommandName = "run", before: readonly string[]): Candidate[] {
  return optionsOf(command)
    .filter((name) => {
      const { short, multiple }: Option = options[name];
      return multiple || !before.some((word) => word === `--${name}` || word.startsWith(`--${name}=`) || word === `-${short}`);
    })
    .map((name) => ({ word: `--${name}`, about: optionAbout(command, name) }));
}

/** What must stand behind this word; undefined where it is no option with a value. */
function valueExpected(word: string | undefined, command: CommandName = "run"): Value | undefined {
  const [, long, short] = /^(?:--([^=]+)|-([^-]))$/.exec(word ?? "") ?? [];
  return optionOf(long ?? short ?? "", command)?.value;
}

function optionOf(name: string, command: CommandName = "run"): Option | undefined {
  const found: OptionName | undefined = optionsOf(command).find((one) => one === name || shortOf(one) === name);
  return found && options[found];
}

function shortOf(name: OptionName): string | undefined {
  const { short }: Option = options[name];
  return short;
}

function manifestOf(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => word === "-c" || word === "--manifest" || word.startsWith("--manifest="));
  if (at < 0) return undefined;
  return words[at]?.startsWith("--manifest=") ? words[at].slice("--manifest=".length) : words[at + 1];
}

function plain(word: string): Candidate {
  return { word, about: "" };
}
