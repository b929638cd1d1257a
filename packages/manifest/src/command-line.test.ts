import { expect, test } from "vitest";
import { commandLineFix, quotedList } from "./command-line.ts";

const fix = (line: string): string => commandLineFix(line, (words) => quotedList(words));

test.each([
  ["ruby app.rb", 'write "ruby", "app.rb"'],
  ["  bundle   exec\tsidekiq ", 'write "bundle", "exec", "sidekiq"'],
  [`node -e 'let a = 1' "two words"`, 'write "node", "-e", "let a = 1", "two words"'],
  [`echo --name="two words"`, 'write "echo", "--name=two words"'],
  [`it's here`, `write "it's", "here"`],
  ["rails s | tee log", 'for a shell, write "sh", "-c", "rails s | tee log"'],
  ["cd app && ruby a.rb", 'for a shell, write "sh", "-c", "cd app && ruby a.rb"'],
])("commandLineFix splits %j as a shell does, and leaves to a shell what only that understands", (line, said) => {
  expect(fix(line)).toBe(said);
});

test("commandLineFix repeats no value that is set in front of a program", () => {
  expect(fix("TOKEN=hunter2 ruby app.rb")).toMatch(/env = \{ NAME/);
  expect(fix("TOKEN=hunter2 ruby app.rb")).not.toContain("hunter2");
});
