import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { checkCommands, findCommand } from "./command.ts";

describe("looking a command up", () => {
  test("goes through the PATH of the process, past what is not executable, as the system does", () => {
    using folder = tempFolder();
    for (const name of ["one", "two", "three"]) mkdirSync(folder.join(name));
    writeFileSync(folder.join("one", "tool"), "", { mode: 0o644 });
    writeFileSync(folder.join("two", "tool"), "", { mode: 0o755 });
    mkdirSync(folder.join("three", "tool"));
    const env = { PATH: ["three", "one", "two"].map((name) => folder.join(name)).join(":") };
    expect(findCommand({ name: "web", command: "tool", env })).toBe(folder.join("two", "tool"));
    chmodSync(folder.join("two", "tool"), 0o644);
    expect(findCommand({ name: "web", command: "tool", env })).toMatchObject({ code: "EACCES" });
  });

  test("takes paths, and relative entries of the PATH, from the folder of the process", () => {
    using folder = tempFolder();
    mkdirSync(folder.join("bin"));
    writeFileSync(folder.join("bin", "tool"), "", { mode: 0o755 });
    const found = folder.join("bin", "tool");
    expect(findCommand({ name: "web", command: "./bin/tool", env: {}, cwd: folder.path })).toBe(found);
    expect(findCommand({ name: "web", command: "bin/tool", env: {}, cwd: folder.path })).toBe(found);
    expect(findCommand({ name: "web", command: "tool", env: { PATH: "bin" }, cwd: folder.path })).toBe(found);
    expect(findCommand({ name: "web", command: "tool", env: { PATH: "" }, cwd: folder.join("bin") })).toBe(found);
  });

  test("without a PATH uses the usual folders", () => {
    expect(findCommand({ name: "web", command: "sh", env: {} })).toMatch(/\/sh$/);
    expect(findCommand({ name: "web", command: "mothership-nothing", env: {} })).toMatchObject({
      message: expect.stringMatching(/the environment has no PATH/),
    });
  });

  test("lists only what cannot be run, with the fix for a whole command line", () => {
    const issues = checkCommands([
      { name: "good", command: "/bin/sh", env: {} },
      { name: "line", command: 'ruby "app.rb" -p 80', args: ["-v"], env: { PATH: "/bin" } },
      { name: "shell", command: "cd app && rails s", env: { PATH: "/bin" } },
      { name: "gone", command: "/no/such", env: {} },
    ]);
    expect(issues.map(({ name, code }) => [name, code])).toEqual([
      ["line", "ENOENT"],
      ["shell", "ENOENT"],
      ["gone", "ENOENT"],
    ]);
    expect(issues[0]!.message).toContain('write command = "ruby" and args = ["app.rb", "-p", "80", "-v"]');
    expect(issues[1]!.message).toContain('write command = "/bin/sh" and args = ["-c", "cd app && rails s"]');
    expect(issues[2]!.message).toBe('"gone" cannot run "/no/such": there is no file /no/such');
  });

  test("finds a program whose name has a space", () => {
    using folder = tempFolder();
    writeFileSync(folder.join("my tool"), "", { mode: 0o755 });
    expect(findCommand({ name: "web", command: folder.join("my tool"), env: {} })).toBe(folder.join("my tool"));
  });

  test("tells a user or group that there is none of, and a folder that is taken for a program", () => {
    const spec = { name: "web", command: "/bin/sh", env: {} };
    expect(checkCommands([{ ...spec, user: "nobody-of-this-name" }])).toMatchObject([
      { code: "EPERM", message: '"web" cannot run: there is no user "nobody-of-this-name"' },
    ]);
    expect(checkCommands([{ ...spec, group: "no-such-group" }])).toMatchObject([{ code: "EPERM" }]);
    expect(checkCommands([{ ...spec, user: process.getuid?.(), group: process.getgid?.() }])).toEqual([]);
    expect(checkCommands([{ ...spec, command: "/tmp" }])).toMatchObject([{ message: '"web" cannot run "/tmp": /tmp is a folder' }]);
  });
});
