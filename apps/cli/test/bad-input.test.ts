import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, mothership, ship, startFleet } from "./support/fleet.ts";

const stack = /\n\s+at |node:internal|Error:/;

describe("a manifest that cannot be read", () => {
  const cases: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ["is empty", (path) => writeFileSync(path, ""), /nothing|empty/i],
    ["is binary", (path) => writeFileSync(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe])), /text|UTF-8|binary/i],
    ["has 10 MB", (path) => writeFileSync(path, "# x\n".repeat(2_500_000)), /MiB|bytes|large/i],
    ["is a directory", (path) => mkdirSync(path), /directory|folder/i],
    ["is not UTF-8", (path) => writeFileSync(path, Buffer.concat([Buffer.from("# caf\xe9\n[mothership]\n", "latin1")])), /UTF-8/],
    ["is not there", () => undefined, /mothership init/],
  ];

  test.each(cases)("because it %s gets one clear sentence and exit code 2", async (_, make, says) => {
    using folder = tempFolder();
    make(folder.join("ship-manifest.toml"));
    for (const command of ["run", "clearance", "chart"]) {
      const { code, stdout, stderr } = await mothership([command], { cwd: folder.path });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(stack);
      expect(stderr.length).toBeLessThan(1000);
    }
  });

  test.skipIf(process.getuid?.() === 0)("because this user may not gets one clear sentence", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), "");
    chmodSync(folder.join("ship-manifest.toml"), 0);
    const { code, stderr } = await mothership(["run"], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toMatch(/may not be read by this user/);
  });
});

describe("what is checked before anything is started", () => {
  test("names the ship whose command is missing, and all of them at once", async () => {
    using folder = tempFolder();
    writeFileSync(
      folder.join("ship-manifest.toml"),
      `[[mothership.prelaunch]]\nname = "first"\ncommand = "${process.execPath}"\nargs = ["-e", "require('fs').writeFileSync('ran', '')"]\n[[fleet.web]]\nname = "app"\ncommand = "no-such-program"\n[[fleet.web]]\nname = "other"\ncommand = "./missing"\n`,
    );
    const { code, stdout, stderr } = await mothership(["run"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stderr).toMatch(/"app".*no-such-program/);
    expect(stderr).toMatch(/"other".*\.\/missing/);
    expect(stderr).not.toMatch(stack);
    expect(stdout).not.toContain('"prelaunch"');
    expect(stdout.trimEnd().split("\n").at(-1)).toBe('{"message":"Mothership failed","status":"failed"}');
    expect(() => writeFileSync(folder.join("ran"), "", { flag: "wx" })).not.toThrow();
  });

  test("a level of the log that there is not is told, and the fleet runs", async () => {
    await using fleet = startFleet(ship("app", await freePort()), { env: { MOTHERSHIP_LOG: "loud" } });
    await fleet.running();
    expect(fleet.stderr()).toBe('mothership: MOTHERSHIP_LOG is "loud"; write debug, info, warn or error; info is taken\n');
  });

  test("a terminal that cannot be had is told by preflight as by run", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), '[[fleet.web]]\nname = "fancy"\ncommand = "true"\ntty = true\n');
    // As on a system for which node-pty has no binary.
    const refuses = `const { Module } = require("node:module"), { _load } = Module;\nModule._load = function (name, ...rest) { if (name.includes("node-pty")) throw new Error("left out"); return _load.call(this, name, ...rest); };\n`;
    writeFileSync(folder.join("without.cjs"), refuses);
    const options = {
      cwd: folder.path,
      env: { NODE_OPTIONS: `--require=${folder.join("without.cjs")}`, MS_SOCKET_DIR: folder.join("run") },
    };
    const [preflight, json, run] = await Promise.all(
      [["preflight"], ["preflight", "--json"], ["run"]].map((one) => mothership(one, options)),
    );
    expect([preflight?.code, json?.code, run?.code]).toEqual([1, 1, 1]);
    expect(preflight?.stdout).toMatch(/"fancy" cannot run: a terminal \(tty\) needs the package/);
    expect(JSON.parse(json?.stdout ?? "")).toMatchObject({ ok: false, problems: [expect.stringContaining('"fancy"')] });
    expect(run?.stderr).toMatch(/"fancy" cannot run: a terminal \(tty\) needs the package/);
  });

  test("a log that cannot be written is told by preflight as by run, and nothing is started", async () => {
    using folder = tempFolder();
    for (const name of ["access", "logs"]) mkdirSync(folder.join(name));
    writeFileSync(
      folder.join("ship-manifest.toml"),
      `[mothership]\naccess_log = { file = "access" }\n[[fleet.web]]\nname = "app"\ncommand = "true"\nlog = { file = "logs" }\n`,
    );
    const options = { cwd: folder.path, env: { MS_SOCKET_DIR: folder.join("run") } };
    const [preflight, run] = await Promise.all([["preflight"], ["run"]].map((one) => mothership(one, options)));
    expect([preflight?.code, run?.code]).toEqual([1, 1]);
    for (const text of [preflight?.stdout, run?.stderr]) {
      expect(text).toContain(`the access log cannot be written to ${folder.join("access")}: it is a folder; name a file in it`);
      expect(text).toContain(`the log of ship "app" cannot be written to ${folder.join("logs")}: it is a folder; name a file in it`);
      expect(text).not.toMatch(stack);
    }
    expect(run?.stdout).not.toContain('"launching"');
  });

  test("a bind in use says which bind it is and what to do", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : 0;
    using folder = tempFolder();
    writeFileSync(
      folder.join("ship-manifest.toml"),
      `[mothership.bind]\nhttp = "127.0.0.1:${port}"\n${ship("app", await freePort(), 'routes = ["http:/.*"]')}`,
    );
    const { code, stdout, stderr } = await mothership(["run"], { cwd: folder.path });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`bind "http".*127\\.0\\.0\\.1:${port}.*(stop|another)`, "i"));
    expect(stderr).not.toMatch(stack);
    expect(stdout).not.toContain("listening");
  });

  test("a ship's own address in use is not taken for the ship", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), ship("app", port));
    const { code, stderr } = await mothership(["run"], { cwd: folder.path });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`ship "app".*${port}.*already`));
  });
});

test.runIf(process.platform === "linux").each(["version", "clearance", "help"])(
  "an answer that cannot be written is a failure: %s",
  (command) => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), ship("app", 4000));
    const full = openSync("/dev/full", "w");
    try {
      const { status, stderr } = spawnSync(process.execPath, [bin, command], {
        cwd: folder.path,
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([1, expect.stringMatching(/^mothership: the output could not be written: .*ENOSPC.*\n$/)]);
    } finally {
      closeSync(full);
    }
  },
);

test("launch says what it wants instead of the text of a manifest", async () => {
  const { launch } = (await import("../dist/index.js")) as { readonly launch: (given: unknown) => Promise<unknown> };
  for (const given of ["[mothership]", undefined, {}])
    await expect(launch(given)).rejects.toThrow(/^launch needs a manifest as parseManifest\(text\) or loadManifest\(path\) gives it/);
});

test("payload run takes a wrong path in the request file for what it is: exit code 2", async () => {
  using folder = tempFolder();
  writeFileSync(folder.join("request.json"), '{"path":"no path"}');
  const wasm = join(import.meta.dirname, "../../../examples/payloads/built/header-auth.wasm");
  const { code, stderr } = await mothership(["payload", "run", wasm, "--request", "request.json"], { cwd: folder.path });
  expect([code, stderr]).toEqual([2, expect.stringContaining('"no path" is not a path to try it on')]);
});
