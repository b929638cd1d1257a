import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ManifestError } from "../src/errors.ts";
import { loadManifest } from "../src/load.ts";
import { readEnvFile } from "../src/named-files.ts";
import { parseManifest } from "../src/parse.ts";
import type { Manifest } from "../src/types.ts";
import { ship } from "./issues.ts";

type Files = Readonly<Record<string, string | Buffer>>;

async function load(manifest: string, files: Files): Promise<Manifest> {
  using folder = tempFolder();
  for (const [name, text] of Object.entries({ "m.toml": manifest, ...files })) writeFileSync(folder.join(name), text);
  return await loadManifest(folder.join("m.toml"));
}

async function mistakes(manifest: string, files: Files): Promise<readonly string[]> {
  try {
    await load(manifest, files);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    expect(JSON.stringify(error.issues)).not.toContain("hunter2");
    return error.issues.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  throw new Error("was loaded");
}

describe("env files", () => {
  test("are merged in their order, under env, and those of a template are replaced", async () => {
    const manifest = `[base.ship]\nenv_file = "base.env"\nenv = { C = "template" }\n${ship("a", 'env_file = ["one.env", "two.env"]', 'env = { D = "own" }')}${ship("b")}`;
    const files = { "base.env": "A=base\nC=base\n", "one.env": "A=1\nB=1\nC=1\nD=1\n", "two.env": "B=2\n__proto__=x\n" };
    const { ships } = await load(manifest, files);
    expect(Object.entries(ships[0]!.env).toSorted()).toEqual([
      ["A", "1"],
      ["B", "2"],
      ["C", "template"],
      ["D", "own"],
      ["__proto__", "x"],
    ]);
    expect(ships[1]?.env).toEqual({ A: "base", C: "template" });
  });

  test("are not looked for when a manifest is read from text alone", () => {
    expect(parseManifest(ship("a", 'env_file = ".env"')).ships[0]?.env).toEqual({});
  });

  test.each<[string, string | Buffer | undefined, string]>([
    ["that is missing", undefined, "does not exist"],
    ["with a line that is no variable", "A=hunter2\nhunter2\n", "has a line 2 that is not NAME=value"],
    ["with a NUL", "A=hunter2\0\n", "is not UTF-8 text"],
    ["in another encoding", Buffer.from([0x41, 0x3d, 0xe4]), "is not UTF-8 text"],
    ["that is too large", Buffer.alloc(1024 * 1024 + 1, "#"), "is larger than an env file may be (1 MiB)"],
    [
      "with too many variables",
      Array.from({ length: 1025 }, (_, n) => `A${n}=hunter2\n`).join(""),
      "has 1025 variables, and may have 1024",
    ],
  ])("%s are mistakes at their place", async (_, content, problem) => {
    const files = content === undefined ? {} : { ".env": content };
    expect(await mistakes(ship("a", 'env_file = ["ok.env", ".env"]'), { "ok.env": "", ...files })).toEqual([
      `4:23 the env file ".env" ${problem}`,
    ]);
  });

  test("that are folders or named pipes are not waited for", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("folder"));
    execFileSync("sh", ["-c", 'mkfifo "$0"', folder.join("pipe")]);
    writeFileSync(folder.join("m.toml"), ship("a", 'env_file = ["folder", "pipe"]'));
    await expect(loadManifest(folder.join("m.toml"))).rejects.toMatchObject({
      issues: [{ message: 'the env file "folder" is a folder, not an env file' }, { message: 'the env file "pipe" is not a regular file' }],
    });
  });

  test("are counted with the values of all members, so that a template cannot multiply them without end", async () => {
    const large = Array.from({ length: 1000 }, (_, n) => `A${n}=1\n`).join("");
    const manifest = `[base.ship]\nenv_file = "e"\n${Array.from({ length: 201 }, (_, n) => ship(`s${n}`)).join("")}`;
    expect((await mistakes(manifest, { e: large }))[0]).toMatch(/has 201000 routes, variables and other values/);
  });

  test("are not read beyond the limit on their number", async () => {
    const files = Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`e${n}`, ""]));
    const manifest = Array.from({ length: 257 }, (_, n) => ship(`s${n}`, `env_file = "e${n}"`)).join("");
    expect(await mistakes(manifest, files)).toEqual(['1028:12 the env file "e256" is one of more than 256']);
  });
});

describe("readEnvFile", () => {
  test.each([
    ["A=1", { A: "1" }],
    ["\n# comment\n  A = b # c\r\nexport B='x\ny'\n", { A: "b", B: "x\ny" }],
    ['A="two words" # c\nB=`a"b`\nC=\n', { A: "two words", B: 'a"b', C: "" }],
    ["A=$B\n", { A: "$B" }],
  ])("reads %j", (text, values) => {
    expect(readEnvFile(text)).toEqual({ values });
  });

  test.each([
    ["A=1\nB: 2\n", 2],
    ["=1\n", 1],
    ["A=1\n\n# c\nnothing", 4],
    ['A="x\ny"\nB C=3\n', 3],
  ])("says of %j which line is none", (text, line) => {
    expect(readEnvFile(text)).toMatchObject({ problem: `has a line ${line} that is not NAME=value` });
  });

  test("takes time in proportion to the text, whatever quotes are left open", () => {
    for (const piece of [`A="\n`, `A='\nB="\n`, "A=`\n", "A='\n\"\n", " ".repeat(50)])
      expect(readEnvFile(piece.repeat(200_000 / piece.length))).toBeDefined();
  }, 2_000);
});

test("a command with a space in it is taken when there is a file of that name where it runs", async () => {
  using folder = tempFolder();
  mkdirSync(folder.join("sub"));
  writeFileSync(folder.join("my app"), "");
  const two = (cwd: string) =>
    `[base.ship]\n${cwd}\n${["./my app", "./my other"].map((command, n) => `[[fleet.x]]\nname = "${n}"\ncommand = "${command}"\n`).join("")}`;
  const loaded = async (text: string): Promise<unknown> => {
    writeFileSync(folder.join("m.toml"), text);
    return await loadManifest(folder.join("m.toml")).then(
      ({ ships }) => ships.length,
      ({ issues }: ManifestError) => issues.map(({ line, message }) => `${line} ${message}`),
    );
  };
  const refused = '"command" holds a whole command line, and it is one program';
  expect(await loaded(two(""))).toEqual([`8 ${refused}`]);
  expect(await loaded(two('cwd = "sub"'))).toEqual([`5 ${refused}`, `8 ${refused}`]);
  for (const name of ["my app", "my other"]) writeFileSync(folder.join("sub", name), "");
  expect(await loaded(two('cwd = "sub"'))).toBe(2);
});
