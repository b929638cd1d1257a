import { describe, expect, test } from "vitest";
import { wrap } from "../terminal/wrap.ts";
import { parseCommandLine } from "./args.ts";
import { commandNames, commandOf, optionsOf } from "./command-table.ts";
import { helpFor } from "./help.ts";

describe.each(commandNames)("the help of %s", (name) => {
  const help = helpFor(name);

  test("fits 80 columns and ends with an example", () => {
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(help).toMatch(/\nExamples?:\s+mothership .*\n([^\n]+\n)*$/);
  });

  test("has only examples that the command line takes", () => {
    for (const example of commandOf(name).examples) {
      const asked = parseCommandLine(example.split(" "));
      expect(name === "help" ? asked.help : asked.command).toBe(name === "help" ? true : name);
    }
  });

  test("names all its options", () => {
    if (name !== "help") for (const option of optionsOf(name)) if (option !== "version") expect(help).toContain(`--${option}`);
  });
});

test("the list of commands has each of them in one line", () => {
  const lines = helpFor("help").split("\n");
  for (const name of commandNames)
    expect(lines.filter((line) => line.trim().split(/ {2,}| /)[0] === (name === "run" ? "[run]" : name))).toHaveLength(1);
});

test("a word that may be left out stands in brackets", () => {
  const help = helpFor("help");
  for (const call of [
    "import FILE",
    "export TARGET [FILE]",
    "shields explain [FILE]",
    "logs [NAME...]",
    "start NAME...",
    "signal NAME SIGNAL",
  ])
    expect(help).toContain(`\n  ${call}  `);
});

test("an option that is too long for its column has a line to itself", () => {
  expect(helpFor("shields")).toContain(`  --header 'NAME: VALUE'\n${" ".repeat(24)}a header of the request`);
});

test("text is wrapped between words, with the rest under its beginning", () => {
  expect(wrap("one two three four", 14, 4)).toBe("one two\n    three four");
  expect(wrap("a\nb c", 80)).toBe("a\nb c");
  expect(wrap("averylongword x", 5)).toBe("averylongword\nx");
});
