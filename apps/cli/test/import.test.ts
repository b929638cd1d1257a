import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, startFleet } from "./support/fleet.ts";

/** A folder with these files. */
function project(files: Readonly<Record<string, string>>): ReturnType<typeof tempFolder> {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(folder.join(name, ".."), { recursive: true });
    writeFileSync(folder.join(name), text);
  }
  return folder;
}

describe("mothership import", () => {
  test("writes a manifest that clearance passes, env file and all, and says on standard error what is different", async () => {
    using folder = project({ Procfile: "release: ./migrate\nweb: node server.js -p $PORT\n", ".env": "PORT=3000\nSECRET=hush\n" });
    const { code, stdout, stderr } = await mothership(["import", "Procfile"], { cwd: folder.path });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Procfile:1: "release" became a prelaunch job.*\n$/)]);
    expect(stdout).not.toContain("hush");
    writeFileSync(folder.join("ship-manifest.toml"), stdout);
    const checked = await mothership(["clearance"], { cwd: folder.path });
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining("is valid: 1 ship, 1 bind, 1 prelaunch")]);
  });

  test("makes a fleet that runs: jobs first, and requests to web", async () => {
    using folder = project({
      Procfile:
        "release: node -e \"require('fs').writeFileSync('migrated', process.env.GREETING)\"\nweb: node server.js $PORT\nworker: node worker.js && exit 1\n",
      ".env": `PORT=${await freePort()}\nGREETING=hello\n`,
      "server.js": `const migrated = require("node:fs").readFileSync("migrated", "utf8");
        require("node:http").createServer((request, response) => response.end(migrated + " " + process.env.GREETING)).listen(process.argv[2], "127.0.0.1");`,
      "worker.js": "setInterval(() => undefined, 1000);",
    });
    const { stdout } = await mothership(["import", "Procfile"], { cwd: folder.path });
    const port = await freePort();
    writeFileSync(folder.join("ship-manifest.toml"), stdout.replace("127.0.0.1:8080", `127.0.0.1:${port}`));
    await using fleet = startFleet("", { args: ["-c", folder.join("ship-manifest.toml")] });
    await fleet.running();
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello hello");
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  test("writes to a file, for the folder of that file, and never over one", async () => {
    using folder = project({ "app/Procfile": "web: ./server\n", "app/.env": "A=1\n", "deploy/x": "" });
    const args = ["import", "app/Procfile", "-o", "deploy/fleet.toml"];
    expect((await mothership(args, { cwd: folder.path })).code).toBe(0);
    expect(readFileSync(folder.join("deploy/fleet.toml"), "utf8")).toContain('[base.ship]\ncwd = "../app"\nenv_file = "../app/.env"\n');
    expect((await mothership(["clearance", "-c", "deploy/fleet.toml"], { cwd: folder.path })).code).toBe(0);
    const again = await mothership(args, { cwd: folder.path });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("deploy/fleet.toml exists already")]);
  });

  test("runs a file that computes something only where that is allowed, and lets it write nothing", async () => {
    using folder = project({
      "ecosystem.config.js":
        'const name = "a" + "pi";\nconsole.log("loaded");\nmodule.exports = { apps: [{ name, script: "./api.js", env: { PORT: process.env.PORT_OF_TEST } }] };\n',
      "child.config.js": 'require("node:child_process").execSync("touch made");\nmodule.exports = { apps: [] };\n',
      "bad.config.js": 'require("node:fs").writeFileSync("made", "x");\nmodule.exports = { apps: [] };\n',
    });
    const options = { cwd: folder.path, env: { PORT_OF_TEST: "81" } };
    const refused = await mothership(["import", "ecosystem.config.js"], options);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/ecosystem\.config\.js:1 holds something that is computed.*--allow-code/),
    ]);
    const allowed = await mothership(["import", "ecosystem.config.js", "--allow-code"], options);
    expect([allowed.code, allowed.stderr]).toEqual([0, expect.stringContaining("is run if it computes something")]);
    expect(allowed.stdout).toContain('name = "api"\ncommand = "node"\nargs = ["./api.js"]\nenv = { PORT = "81" }\n');
    const stopped = await mothership(["import", "bad.config.js", "--allow-code"], options);
    expect([stopped.code, stopped.stderr]).toEqual([2, expect.stringContaining("cannot be run")]);
    const started = await mothership(["import", "child.config.js", "--allow-code"], options);
    expect([started.code, started.stderr]).toEqual([2, expect.stringContaining("cannot be run")]);
    expect((await mothership(["import", "made"], options)).stderr).toContain("made does not exist");
  });

  test("follows the includes of supervisord, as machines read them", async () => {
    using folder = project({
      "supervisord.conf": "[supervisord]\nnodaemon=true\n[include]\nfiles = conf.d/*.conf missing/*.conf\n",
      "conf.d/a.conf": "[program:a]\ncommand=%(here)s/run\n",
      "conf.d/b.conf": "[program:b]\ncommand=b\numask=022\n",
    });
    const { code, stdout, stderr } = await mothership(["import", "supervisord.conf", "--json"], { cwd: folder.path });
    expect([code, stderr]).toEqual([0, ""]);
    const { format, manifest, notes } = JSON.parse(stdout) as { format: string; manifest: string; notes: { file: string; line: number }[] };
    expect(format).toBe("supervisord");
    expect(manifest).toContain(`command = "${folder.join("conf.d/run")}"`);
    expect(notes.map(({ file, line }) => [file, line])).toEqual([
      ["supervisord.conf", undefined],
      ["conf.d/b.conf", 3],
    ]);
  });

  test("says what is wrong with a file that it cannot use", async () => {
    using folder = project({
      "compose.yaml": "services:\n",
      "eco.json": '{ "apps": [{ "name": x }] }',
      Procfile: "# nothing\n",
      "many.conf": "[program:a]\ncommand=a\nnumprocs=1024\n[program:b]\ncommand=b\nnumprocs=1024\n[program:c]\ncommand=c\n",
    });
    const said = async (...args: string[]) => {
      const { code, stdout, stderr } = await mothership(["import", ...args], { cwd: folder.path });
      return [code, stdout, stderr];
    };
    expect(await said("compose.yaml")).toEqual([
      2,
      "",
      expect.stringContaining("belongs to no tool that is known here; say which with --from procfile|pm2|supervisord"),
    ]);
    expect(await said("eco.json")).toEqual([
      2,
      "",
      expect.stringMatching(/eco\.json:1 cannot be read: it holds something that is computed: x/),
    ]);
    expect(await said("Procfile")).toEqual([1, "", expect.stringMatching(/nothing to run[\s\S]*nothing was written/)]);
    expect(await said("many.conf")).toEqual([1, "", expect.stringMatching(/nothing was written/)]);
    expect(await said("Procfile", "--from", "foreman")).toEqual([2, "", expect.stringContaining("procfile, pm2, supervisord")]);
    expect(await said(".")).toEqual([2, "", expect.stringContaining(". is no file")]);
  });
});
