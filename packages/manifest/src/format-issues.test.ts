import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { issuesOf } from "../test/issues.ts";
import { ManifestError } from "./errors.ts";
import { formatIssues } from "./format-issues.ts";
import { parseManifest } from "./parse.ts";

const text = '[[fleet.web]]\nname = "a"\ncommand = "b"\ncritical = "true"\ndepend_on = []\n';

function errorOf(source: string): ManifestError {
  try {
    parseManifest(source);
  } catch (error) {
    if (error instanceof ManifestError) return error;
  }
  throw new Error("no mistake was found");
}

describe("formatIssues", () => {
  test("shows each mistake with its place, its source, what was expected and what to do", () => {
    expect(formatIssues(errorOf(text), { color: false })).toBe(`ship-manifest.toml:4:12  "critical" must be true or false, not text
  3 | command = "b"
> 4 | critical = "true"
    |            ^
  5 | depend_on = []
hint: write critical = true without quotes

ship-manifest.toml:5:1  unknown key "depend_on" in fleet.web[0]
  4 | critical = "true"
> 5 | depend_on = []
    | ^
  6 |
expected: name, command, args, bind, healthcheck, routes, depends_on, env, critical, oneshot, tags, startup, readiness, liveness, upstream, cwd, env_file, user, group, stdin, tty, restart, max_restarts, success_exit_codes, fatal_exit_codes, stop_signal, stop_timeout, stop_command, keep_detached, log, disabled, stable_after, startup_timeout, drain_timeout, memory_limit
hint: did you mean "depends_on"?

2 mistakes in ship-manifest.toml`);
  });

  test("breaks what is long between words where it is told the width, and leaves the source alone", () => {
    const whole = formatIssues(errorOf(text), { color: false });
    const narrow = formatIssues(errorOf(text), { color: false, columns: 40 });
    const colored = formatIssues(errorOf(text), { color: true, columns: 40 });
    expect(stripVTControlCharacters(colored)).toBe(narrow);
    for (const line of narrow.split("\n")) expect(line.length, line).toBeLessThanOrEqual(40);
    expect(narrow).toContain("\n> 5 | depend_on = []\n");
    expect(narrow.replaceAll(/\n? +/g, " ")).toBe(whole.replaceAll(/\n? +/g, " "));
  });

  test("says the same in colour", () => {
    const error = errorOf(text);
    const colored = formatIssues(error, { color: true });
    expect(colored).toContain("\u001b[");
    expect(stripVTControlCharacters(colored)).toBe(formatIssues(error, { color: false }));
  });

  test("shows a mistake without a place by its file alone", () => {
    const error = new ManifestError([{ file: "m.toml", path: "", message: "the manifest does not exist", hint: "make one" }]);
    expect(formatIssues(error, { color: false })).toBe("m.toml  the manifest does not exist\nhint: make one");
    expect(error.frame).toBe("");
  });

  test("shows a hundred mistakes and counts the rest", () => {
    const error = errorOf(Array.from({ length: 250 }, (_, index) => `key${index} = 1\n`).join(""));
    expect(error.issues).toHaveLength(100);
    expect(error.total).toBe(250);
    expect(formatIssues(error, { color: false }).endsWith("\n\nand 150 more mistakes\n\n250 mistakes in ship-manifest.toml")).toBe(true);
    expect(error.message).toContain("(and 249 more)");
  });

  test("mistakes are plain data, for --json", () => {
    const issues = issuesOf(text);
    expect(JSON.parse(JSON.stringify(issues))).toStrictEqual(issues);
  });
});
