import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { parseManifest } from "@mothership/manifest";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { unwritableLogs } from "./log-files.ts";

const logsOf = (folder: string, ...files: readonly string[]) =>
  parseManifest(files.map((file, n) => `[[fleet.web]]\nname = "s${n}"\ncommand = "true"\nlog = { file = "${file}" }\n`).join(""), {
    folder,
  });

describe("log files that cannot be written", () => {
  test("are told with whose they are, where, and what to do", async () => {
    using folder = tempFolder();
    for (const name of ["logs", "access", "off"]) mkdirSync(folder.join(name));
    writeFileSync(folder.join("file"), "");
    const manifest = parseManifest(
      `[mothership.access_log]
file = "access"
[[mothership.prelaunch]]
name = "migrate"
command = "true"
log = { file = "file/a/migrate.log" }
[[fleet.web]]
name = "app"
command = "true"
log = { file = "logs" }
[[fleet.web]]
name = "off"
command = "true"
disabled = true
log = { file = "off" }
`,
      { folder: folder.path },
    );
    expect(await unwritableLogs(manifest)).toEqual([
      `the access log cannot be written to ${folder.join("access")}: it is a folder; name a file in it`,
      `the log of job "migrate" cannot be written to ${folder.join("file/a/migrate.log")}: ${folder.join("file")} is not a folder; name a file elsewhere`,
      `the log of ship "app" cannot be written to ${folder.join("logs")}: it is a folder; name a file in it`,
    ]);
  });

  test("are a socket, too", async () => {
    using folder = tempFolder();
    const path = folder.join("app.sock");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const found = await unwritableLogs(logsOf(folder.path, "app.sock"));
    await new Promise((resolve) => server.close(resolve));
    expect(found).toEqual([`the log of ship "s0" cannot be written to ${path}: it is a socket; name another file`]);
  });

  test.skipIf(process.getuid?.() === 0)("are a file or in a folder that this user may not write, or not even see", async () => {
    using folder = tempFolder();
    for (const name of ["locked", "hidden"]) mkdirSync(folder.join(name));
    for (const path of ["app.log", "hidden/app.log"]) writeFileSync(folder.join(path), "", { mode: 0o444 });
    chmodSync(folder.join("locked"), 0o555);
    chmodSync(folder.join("hidden"), 0);
    const found = await unwritableLogs(logsOf(folder.path, "app.log", "locked/a/b/app.log", "hidden/app.log"));
    for (const name of ["locked", "hidden"]) chmodSync(folder.join(name), 0o700);
    const folderText = (name: string): string =>
      `this user may not make files in ${folder.join(name)}; change its owner or mode, or name a file elsewhere`;
    expect(found.map((text) => text.split(": ").slice(1).join(": "))).toEqual([
      "this user may not write it; change its owner or mode, or name another file",
      folderText("locked"),
      folderText("hidden"),
    ]);
  });

  test("are not those that are there or can be made, and the look at them makes and changes nothing", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("old.log"), "kept\n");
    expect(await unwritableLogs(logsOf(folder.path, "old.log", "new.log", "a/b/c.log", "/dev/null"))).toEqual([]);
    expect(readdirSync(folder.path)).toEqual(["old.log"]);
    expect(readFileSync(folder.join("old.log"), "utf8")).toBe("kept\n");
    expect(existsSync(folder.join("a"))).toBe(false);
  });

  test("are not looked at again when they are in use", async () => {
    using folder = tempFolder();
    for (const name of ["a.log", "b.log"]) mkdirSync(folder.join(name));
    const found = await unwritableLogs(logsOf(folder.path, "a.log", "b.log"), logsOf(folder.path, "a.log"));
    expect(found).toEqual([expect.stringContaining("b.log")]);
  });
});
