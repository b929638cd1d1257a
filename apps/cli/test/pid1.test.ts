import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { eventually, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin } from "./support/fleet.ts";

// A process namespace of its own is what a container has; making one needs rights that not every machine gives.
const unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const canUnshare = process.platform === "linux" && spawnSync("unshare", [...unshare, "true"]).status === 0;

describe.skipIf(!canUnshare)("as process 1 of a container (skipped where no process namespace can be made)", () => {
  test("orphans are reaped, SIGTERM stops the fleet, and the exit code gets out", async () => {
    using folder = tempFolder();
    const orphan = `const { spawn } = require("node:child_process"); spawn("sh", ["-c", "(sleep 0.2; exit 0) & exit 0"], { detached: true, stdio: "ignore" });`;
    writeFileSync(
      folder.join("ship-manifest.toml"),
      `[[fleet.web]]\nname = "app"\ncommand = "${process.execPath}"\nargs = ["-e", '${orphan} setInterval(() => console.log(require("node:fs").readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).filter((pid) => { try { return / Z /.test(require("node:fs").readFileSync("/proc/" + pid + "/stat", "utf8")); } catch { return false; } }).length + " zombies"), 100)']\n`,
    );
    const child = spawn("unshare", [...unshare, process.execPath, bin, "run"], {
      cwd: folder.path,
      env: { ...process.env, MS_SOCKET_DIR: folder.join("run") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (data: string) => {
      out += data;
    });
    const closed = once(child, "close") as Promise<[number]>;
    await eventually("some counts", () => out.split("zombies").length > 10);
    expect(out.slice(out.lastIndexOf('"msg":"')).startsWith('"msg":"0 zombies')).toBe(true);
    // `unshare` is outside; process 1 is its only child.
    const [init] = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" })
      .stdout.trim()
      .split("\n");
    process.kill(Number(init), "SIGTERM");
    expect((await closed)[0]).toBe(0);
    expect(out.trimEnd().split("\n").at(-1)).toBe('{"message":"Mothership landed","status":"landed"}');
  });
});
