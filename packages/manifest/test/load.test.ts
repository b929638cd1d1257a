import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ManifestError } from "../src/errors.ts";
import { loadManifest } from "../src/load.ts";
import { ship } from "./issues.ts";

async function issueOf(path: string): Promise<{ readonly message: string; readonly hint?: string; readonly line?: number }> {
  try {
    await loadManifest(path);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    expect(error.issues).toHaveLength(1);
    expect(error.issues[0]?.file).toBe(path);
    // One plain sentence: no stack, no name of a system call.
    expect(error.message).not.toMatch(/\n|\bat \/|EISDIR|ENOENT|EACCES/);
    return error.issues[0]!;
  }
  throw new Error("was loaded");
}

describe("loadManifest", () => {
  test("resolves what is relative against the folder of the file", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("app"));
    const path = folder.join("app", "fleet.toml");
    writeFileSync(
      path,
      `${ship("a")}[[mothership.static_dirs]]\npath = "../public"\n[[mothership.static_dirs]]\npath = "/srv/files"\n[[modules]]\nname = "m"\nwasm = "m.wasm"\n`,
    );
    const manifest = await loadManifest(path);
    expect(manifest.folder).toBe(folder.join("app"));
    expect(manifest.mothership.staticDirs.map((dir) => [dir.path, dir.written])).toEqual([
      [folder.join("public"), "../public"],
      ["/srv/files", "/srv/files"],
    ]);
    expect(manifest.modules[0]?.wasm).toEqual({ path: folder.join("app", "m.wasm"), written: "m.wasm" });
  });

  test("names the file as it was given in every mistake", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), "x = 1\n");
    await expect(loadManifest(folder.join("m.toml"))).rejects.toMatchObject({
      code: "MS_MANIFEST_INVALID",
      issues: [{ file: folder.join("m.toml"), line: 1, column: 1 }],
    });
  });

  test("reads a file that begins with a byte order mark", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), `\uFEFF${ship("a")}`);
    expect((await loadManifest(folder.join("m.toml"))).ships).toHaveLength(1);
  });

  test("looks variables up only in the environment that it is given", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), '[[mothership.uplinks]]\nurl = "redis://$HOST"\n');
    expect((await loadManifest(folder.join("m.toml"), { env: { HOST: "h" } })).mothership.uplinks[0]?.host).toBe("h");
    await expect(loadManifest(folder.join("m.toml"))).rejects.toThrow("the environment variable HOST is not set");
  });

  test("says that a file does not exist, and how to make one", async () => {
    using folder = tempFolder();
    expect(await issueOf(folder.join("none.toml"))).toEqual({
      file: folder.join("none.toml"),
      path: "",
      message: "the manifest does not exist",
      hint: expect.stringContaining("mothership init"),
    });
  });

  test("says that a folder is a folder", async () => {
    using folder = tempFolder();
    expect(await issueOf(folder.path)).toMatchObject({ message: "the manifest is a folder, not a manifest" });
  });

  test("says that a part of the path is no folder", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("file"), "");
    expect((await issueOf(folder.join("file", "m.toml"))).message).toContain("a part of the path is no folder");
  });

  test("says that a link leads in a circle", async () => {
    using folder = tempFolder();
    symlinkSync("b", folder.join("a"));
    symlinkSync("a", folder.join("b"));
    expect((await issueOf(folder.join("a"))).message).toContain("leads in a circle");
  });

  test("does not wait for a named pipe", async () => {
    using folder = tempFolder();
    execFileSync("sh", ["-c", 'mkfifo "$0"', folder.join("pipe")]);
    expect((await issueOf(folder.join("pipe"))).message).toBe("the manifest is not a regular file");
  });

  test("refuses a path that is none, and one that is too long", async () => {
    expect((await issueOf("a\0b")).message).toBe("the manifest is not a path");
    expect((await issueOf("x".repeat(5000))).message).toBe("the manifest has a name that is too long");
  });

  test("reads a file of exactly the size that is allowed, and refuses the next larger one", async () => {
    using folder = tempFolder();
    const manifest = ship("a");
    const size = 1024 * 1024;
    writeFileSync(folder.join("m.toml"), `${manifest}#`.padEnd(size, "x"));
    expect((await loadManifest(folder.join("m.toml"))).ships).toHaveLength(1);
    writeFileSync(folder.join("m.toml"), `${manifest}#`.padEnd(size + 1, "x"));
    expect((await issueOf(folder.join("m.toml"))).message).toBe("the manifest is larger than a manifest may be (1 MiB)");
  });

  test("refuses ten megabytes without reading them", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), Buffer.alloc(10 * 1024 * 1024, "#"));
    expect((await issueOf(folder.join("m.toml"))).message).toBe("the manifest is larger than a manifest may be (1 MiB)");
  });

  test.each([
    ["a binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0]), "the manifest is not text: it holds a NUL byte"],
    ["latin-1", Buffer.concat([Buffer.from("# a\n# b\n# "), Buffer.from([0xe4, 0x0a])]), "the manifest is not UTF-8 text: see line 3"],
    ["a cut character", Buffer.from([0x23, 0xc3]), "the manifest is not UTF-8 text: see line 1"],
    ["UTF-16", Buffer.from("\uFEFFa = 1\n", "utf16le"), "the manifest is not UTF-8 text"],
  ])("says of %s that it is no text", async (_, bytes, message) => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), bytes);
    expect((await issueOf(folder.join("m.toml"))).message).toBe(message);
  });

  test("says of an empty file that there is nothing to run", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("m.toml"), "");
    expect(await issueOf(folder.join("m.toml"))).toMatchObject({
      message: expect.stringContaining("nothing to run"),
      hint: expect.stringContaining("mothership init"),
    });
  });

  test("rejects with the reason of a signal that has fired", async () => {
    const reason = new Error("enough");
    await expect(loadManifest("does-not-matter.toml", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
