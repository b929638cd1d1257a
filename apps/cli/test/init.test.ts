import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { eventually, freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, startFleet } from "./support/fleet.ts";

describe("mothership init", () => {
  test("writes a manifest that is valid, and its schema, and never overwrites", async () => {
    using folder = tempFolder();
    expect((await mothership(["init"], { cwd: folder.path })).code).toBe(0);
    const checked = await mothership(["clearance"], { cwd: folder.path });
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(JSON.parse(readFileSync(folder.join("ship-manifest.schema.json"), "utf8"))).toHaveProperty("properties.fleet");
    const again = await mothership(["init"], { cwd: folder.path });
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/ship-manifest.toml exists already/)]);
    mkdirSync(folder.join("deploy"));
    expect((await mothership(["init", "-c", "deploy/fleet.toml"], { cwd: folder.path })).stdout).toBe(
      'wrote deploy/fleet.toml, deploy/ship-manifest.schema.json; check it with "mothership clearance -c deploy/fleet.toml", run it with "mothership -c deploy/fleet.toml"\n',
    );
    expect((await mothership(["init", "-c", "nowhere/x.toml"], { cwd: folder.path })).stderr).toMatch(/the folder nowhere does not exist/);
  });

  test("--bay writes nothing where one of its files is there already", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("package.json"), "{}\n");
    const { code, stderr } = await mothership(["init", "--bay"], { cwd: folder.path });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/package.json exists already/)]);
    expect(readdirSync(folder.path)).toEqual(["package.json"]);
  });

  test("--bay writes a bay that answers", async () => {
    using folder = tempFolder();
    const { code, stdout } = await mothership(["init", "--bay"], { cwd: folder.path });
    expect(code).toBe(0);
    // From a clone it says how to do without npm.
    const link = /link it with "(.+)", then "mothership"\n$/.exec(stdout)?.[1];
    expect(link).toMatch(/^mkdir -p .*packages\/docking' node_modules\/@mothership\/docking$/);
    execFileSync("sh", ["-c", link!], { cwd: folder.path });
    const manifest = folder.join("ship-manifest.toml");
    const port = await freePort();
    writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll("8080", String(port)));
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    const heard: unknown[] = [];
    socket.addEventListener("message", ({ data }) => void heard.push(data));
    socket.addEventListener("open", () => socket.send("hello"));
    await eventually("the echo", () => heard.length > 0);
    expect(heard).toEqual(["hello"]);
    socket.close();
  });
});
