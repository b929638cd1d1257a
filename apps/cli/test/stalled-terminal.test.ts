import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, mothership } from "./support/fleet.ts";

const stalled = join(import.meta.dirname, "fixtures/stalled-terminal.py");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** Far more than a terminal that is not read from takes. */
const floods = (then: string): string => `head -c 300000 /dev/zero | tr '\\\\0' x | fold -w 100; ${then}`;

describe.skipIf(!hasPython)("a terminal that takes nothing (skipped where there is no python3)", () => {
  test.each([[[]], [["--tui"]]])("does not stop the fleet, nor its end: run %j", async (args) => {
    using folder = tempFolder();
    writeFileSync(
      folder.join("ship-manifest.toml"),
      `[[fleet.web]]\nname = "app"\ncommand = "sh"\nargs = ["-c", "${floods("exec sleep 1000")}"]\n`,
    );
    const env = { MS_SOCKET_DIR: folder.join("run"), TERM: "xterm", COLUMNS: "80", LINES: "24" };
    const child = spawn("python3", [stalled, process.execPath, bin, ...args], {
      cwd: folder.path,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (data: string) => {
      text += data;
    });
    const pid = await eventually("the pid", () => Number(/^(\d+)\n/.exec(text)?.[1]) || undefined);
    const units = async (): Promise<{ state: string; pid: number }[]> => {
      const { stdout } = await mothership(["status", "--json"], { cwd: folder.path, env });
      return stdout === "" ? [] : JSON.parse(stdout).units;
    };
    const ship = await eventually("a ship that is up", async () => (await units()).find(({ state }) => state === "up")?.pid);
    // The user interface draws more than the terminal takes when it shows logs.
    child.stdin.write("2\n");
    for (let look = 0; look < 15; look++) expect((await units())[0]).toMatchObject({ pid: ship });
    process.kill(pid, "SIGTERM");
    await eventually("the end of the ship", () => !isAlive(ship));
    const closed = once(child, "close");
    child.stdin.end();
    expect((await closed)[0]).toBe(0);
    expect(text).toContain("Mothership landed");
  });
});
