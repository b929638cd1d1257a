import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bin, mothership, startFleet, type TestFleet } from "./support/fleet.ts";

const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

const unit = (name: string): string => `[[fleet.web]]\nname = "${name}"\ncommand = "sleep"\nargs = ["1000"]\ntags = ["front"]\n`;

// One fleet for all: nothing here changes it.
let fleet: TestFleet;
let env: Record<string, string>;
beforeAll(async () => {
  fleet = startFleet(unit("app") + unit("api:1") + unit("mailer"), { files: { "other.toml": unit("elsewhere") } });
  // A name on the PATH is what the scripts call.
  mkdirSync(join(fleet.folder, "bin"));
  writeFileSync(join(fleet.folder, "bin/mothership"), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  chmodSync(join(fleet.folder, "bin/mothership"), 0o755);
  const { NO_COLOR: _, ...outer } = process.env;
  env = { ...(outer as Record<string, string>), ...fleet.env, PATH: `${join(fleet.folder, "bin")}:${process.env["PATH"]}`, TERM: "xterm" };
  await fleet.running();
});
afterAll(async () => await fleet[Symbol.asyncDispose]());

/** What a shell prints when it runs this; there must be nothing to complain about. */
function shell(command: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const { stdout, stderr, status } = spawnSync(command, args, {
    cwd: fleet.folder,
    env: { ...env, ...more },
    encoding: "utf8",
    timeout: 30_000,
  });
  expect([stderr, status]).toEqual(["", 0]);
  return stdout;
}

describe.skipIf(!has("bash"))("bash (skipped where there is none)", () => {
  /** The words as bash cuts them, the last one being completed. */
  const completed = (...words: string[]): string[] => {
    const script = `
      source <(mothership completions bash)
      [ "$(complete -p mothership)" = "complete -F _mothership mothership" ] || echo "no completion"
      COMP_WORDS=(mothership "$@"); COMP_CWORD=$#
      _mothership; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return shell("bash", ["--norc", "-c", script, "bash", ...words])
      .trimEnd()
      .split("\n");
  };

  test.each([
    [["sta"], ["status", "start"]],
    [["restart", "m"], ["mailer"]],
    [["restart", "api", ":"], ["1"]],
    [
      ["wait", "--for", "=", ""],
      ["ready", "stopped"],
    ],
    [["-c", "other.toml", "restart", "e"], ["elsewhere"]],
    [["-c", "oth"], ["other.toml"]],
    [["nonsense", ""], [""]],
  ])("completes %j", (words, expected) => {
    expect(completed(...words)).toEqual(expected);
  });
});

describe.skipIf(!has("fish"))("fish (skipped where there is none)", () => {
  const completed = (line: string): string[] =>
    shell("fish", ["--no-config", "-c", `mothership completions fish | source; complete -C '${line}'`], { HOME: fleet.folder })
      .trimEnd()
      .split("\n");

  test.each([
    ["mothership sta", ["start\tstart units, with what they depend on", "status\tstate of each unit"]],
    ["mothership ", expect.arrayContaining(["clearance\tcheck the manifest, all mistakes at once"])],
    ["mothership restart m", ["mailer\tship, up"]],
    ["mothership wait --for=r", ["--for=ready"]],
    ["mothership --only web,fr", ["web,front\ttag"]],
    ["mothership -c other.toml restart e", ["elsewhere\tship"]],
    ["mothership -c oth", ["other.toml"]],
    ["mothership --manifest=oth", ["--manifest=other.toml"]],
    ["mothership nonsense ", [""]],
  ])("completes %j", (line, expected) => {
    expect(completed(line).map((found) => found.trim())).toEqual(expected);
  });
});

describe.skipIf(!has("zsh"))("zsh (skipped where there is none)", () => {
  /** Presses Tab behind this line in a real zsh, in a terminal of zsh's own; gives what the line is then, and what was listed. */
  function pressed(line: string): { readonly line: string; readonly listed: string } {
    using home = tempFolder();
    writeFileSync(
      home.join(".zshrc"),
      `PROMPT=''; RPROMPT=''; autoload -Uz compinit; compinit -D -u
source <(mothership completions zsh)
show() { print -r -- "<<$BUFFER>>" }
zle -N show; bindkey '^T' show
unsetopt zle_bracketed_paste; unset zle_bracketed_paste
print REA''DY\n`,
    );
    const script = `zmodload zsh/zpty; zpty shell zsh -d -i; zpty -r shell all '*READY*'
zpty -w -n shell "$1"$'\\t\\x14'; zpty -r shell all '*<<*>>*'; print -r -- "$all"; zpty -d shell`;
    const all = shell("zsh", ["-f", "-c", script, "zsh", line], { ZDOTDIR: home.path, HOME: home.path });
    return { line: /<<(.*)>>/.exec(all)?.[1] ?? all, listed: all.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "") };
  }

  test.each([
    ["mothership stat", "mothership status "],
    ["mothership restart m", "mothership restart mailer "],
    ["mothership restart api", "mothership restart api:1 "],
    ["mothership -c other.toml restart e", "mothership -c other.toml restart elsewhere "],
    ["mothership wait --for=r", "mothership wait --for=ready "],
    ["mothership --only web,fr", "mothership --only web,front "],
    ["mothership status -c oth", "mothership status -c other.toml "],
    ["mothership --manifest=oth", "mothership --manifest=other.toml "],
    ["mothership nonsense x", "mothership nonsense x"],
  ])("completes %j", (line, expected) => {
    expect(pressed(line).line).toBe(expected);
  });

  test("lists what there is with a few words about each", () => {
    expect(pressed("mothership sta").listed).toMatch(/start +-- start units, with what they depend on\s+status +-- state of each unit/);
  });
});

test("where nothing runs and the manifest is broken, shells get nothing and hear no complaint", async () => {
  using folder = tempFolder();
  writeFileSync(folder.join("ship-manifest.toml"), "x =");
  const options = { cwd: folder.path, env: { MS_SOCKET_DIR: folder.join("run") } };
  for (const words of [
    ["restart", ""],
    ["--only", ""],
    ["-c", "nowhere.toml", "restart", ""],
    ["--", "--"],
  ])
    expect(await mothership(["__complete", "zsh", ...words], options)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await mothership(["completions", "tcsh"])).toMatchObject({ code: 2, stderr: expect.stringMatching(/bash, zsh, fish/) });
});
