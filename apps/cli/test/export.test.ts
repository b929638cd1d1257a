import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership } from "./support/fleet.ts";

const manifest =
  '[mothership.bind]\nhttp = "0.0.0.0:8080"\n[[fleet.web]]\nname = "app"\ncommand = "./app"\nbind = "3000"\nroutes = ["http:/.*"]\n';

describe("mothership export", () => {
  test("prints what runs the fleet, or writes it to a folder and overwrites nothing", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), manifest);
    const printed = await mothership(["export", "systemd"], { cwd: folder.path });
    expect([printed.code, printed.stdout]).toEqual([
      0,
      expect.stringContaining(`mothership.cjs run -c ${folder.join("ship-manifest.toml")}\n`),
    ]);
    const args = ["export", "compose", folder.join("ship-manifest.toml"), "-o", folder.join("deploy"), "--image", "shop:2"];
    expect((await mothership(args)).code).toBe(0);
    expect(readdirSync(folder.join("deploy")).sort()).toEqual(["Dockerfile", "compose.yaml"]);
    expect(readFileSync(folder.join("deploy/compose.yaml"), "utf8")).toContain('image: "shop:2"');
    const again = await mothership(args);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("compose.yaml exists already")]);
  });

  test("says what cannot be said there", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("ship-manifest.toml"), manifest);
    const { code, stdout, stderr } = await mothership(["export", "kubernetes", "--per-ship"], { cwd: folder.path });
    expect([code, stdout]).toEqual([0, expect.stringContaining('kind: "Deployment"')]);
    expect(stderr).toContain("ship-manifest.toml: routes are left out; Kubernetes has no reverse proxy of its own");
  });

  test("needs nothing of the environment in which the fleet will run", async () => {
    using folder = tempFolder();
    const outside =
      '[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "$DB_OF_TEST?sslmode=require"\nlaunch_id = "$SHA_OF_TEST"\n[[mothership.uplinks]]\nurl = "redis://cache:$PORT_OF_TEST"\n[[mothership.uplinks]]\nurl = "\u0024{DB_OF_TEST}"\n';
    writeFileSync(folder.join("ship-manifest.toml"), `${outside}${manifest}`);
    const { code, stdout, stderr } = await mothership(["export", "compose"], { cwd: folder.path });
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["DB_OF_TEST", "SHA_OF_TEST", "PORT_OF_TEST"]) expect(stdout).toContain(`- "${name}"\n`);
    expect(stdout).not.toContain("unset.invalid");
  });

  test("says what is wrong with what it is asked", async () => {
    using folder = tempFolder();
    const said = async (...args: string[]) => {
      const { code, stderr } = await mothership(["export", ...args], { cwd: folder.path });
      return [code, stderr];
    };
    expect(await said("nomad")).toEqual([2, expect.stringContaining("write one of systemd, compose, kubernetes")]);
    expect(await said("systemd")).toEqual([2, expect.stringContaining("ship-manifest.toml does not exist")]);
    writeFileSync(folder.join("ship-manifest.toml"), "[fleet]\nx = 1\n");
    expect(await said("systemd")).toEqual([2, expect.stringMatching(/ship-manifest\.toml:2/)]);
    if (process.platform !== "linux") return;
    // Node's own way to make such a folder never ends.
    writeFileSync(folder.join("ship-manifest.toml"), '[[fleet.web]]\nname = "web"\ncommand = "sleep"\n');
    expect(await said("systemd", "--output", "/proc/nowhere/deep")).toEqual([2, expect.stringContaining("the folder cannot be made")]);
  });
});
