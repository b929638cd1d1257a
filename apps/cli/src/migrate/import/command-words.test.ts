import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromShellLine, shellQuoted, splitWords } from "./command-words.ts";

describe("a line for a shell", () => {
  test.each([
    ["bundle exec puma -p $PORT", ["bundle", "exec", "puma", "-p", "5000"]],
    ['gunicorn --bind "0.0.0.0:\u0024{PORT}" app', ["gunicorn", "--bind", "0.0.0.0:5000", "app"]],
    ["bin/rails server -p \u0024{PORT:-3000}", ["bin/rails", "server", "-p", "5000"]],
    ["exec node 'my server.js'", ["node", "my server.js"]],
    ["run a\\ b", ["run", "a b"]],
    ['say "it costs \\$5"', ["say", "it costs $5"]],
    ["say '$PORT'", ["say", "$PORT"]],
  ])("becomes a program and its arguments: %s", (line, words) => {
    const { command, args, env } = fromShellLine(line, { PORT: "5000" });
    expect([command, ...args]).toEqual(words);
    expect(env).toEqual({});
  });

  test.each([
    ["cd client && npm start", "cd client && npm start"],
    ["ls *.js", "exec ls *.js"],
    ["clock --tz=$TZ", "exec clock --tz=$TZ"],
    ["A=$B clock", "A=$B exec clock"],
    ["a | b", "a | b"],
    ["echo $(date)", "echo $(date)"],
    ["work > log", "exec work > log"],
    ["while true; do x; done", "while true; do x; done"],
    ["source env", "source env"],
    ['say "open', 'exec say "open'],
    ["~/bin/x", "~/bin/x"],
  ])("stays one for a shell where only a shell understands it: %s", (line, kept) => {
    expect(fromShellLine(line, { PORT: "5000" })).toEqual({ command: "sh", args: ["-c", kept], env: {} });
  });

  test("gives the variables in front of the program their own place", () => {
    expect(fromShellLine('RAILS_ENV=production NAME="a b" rake', {})).toEqual({
      command: "rake",
      args: [],
      env: { RAILS_ENV: "production", NAME: "a b" },
    });
  });

  test("never loses a word: what was quoted comes back", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((word) => !/[\n\0]/.test(word)),
          { minLength: 1 },
        ),
        (words) => {
          const line = `run ${words.map(shellQuoted).join(" ")}`;
          expect(splitWords(line)).toEqual(["run", ...words]);
          const { command, args } = fromShellLine(line, {});
          expect(command === "sh" ? ["run", ...words] : [command, ...args]).toEqual(["run", ...words]);
        },
      ),
    );
  });
});
