import { mkdirSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { expect, test } from "vitest";
import { mothership } from "./support/fleet.ts";

test("clearance counts whatever a manifest asks for", async () => {
  using folder = tempFolder();
  const path = folder.join("ship-manifest.toml");
  const said = async (text: string, ...args: string[]): Promise<string> => {
    writeFileSync(path, text);
    return (await mothership(["clearance", ...args], { cwd: folder.path })).stdout;
  };
  mkdirSync(folder.join("public"));
  const outside =
    '[mothership]\nuplinks = [{ url = "tcp://127.0.0.1:1" }, { url = "tcp://127.0.0.1:2" }]\nstatic_dirs = [{ path = "./public" }]\n';
  expect(await said(outside)).toBe("ship-manifest.toml is valid: 2 uplinks, 1 static folder\n");
  expect(JSON.parse(await said(outside, "--json"))).toMatchObject({ valid: true, ships: 0, uplinks: 2, staticDirs: 1 });
  expect(await said('[[mothership.prelaunch]]\nname = "migrate"\ncommand = "sh"\n')).toBe("ship-manifest.toml is valid: 1 prelaunch job\n");
});
