import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { eventually, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, mothership } from "./support/fleet.ts";

describe("a reader of its output that goes away", () => {
  test("costs lines that are counted and told, and not the fleet", async () => {
    using folder = tempFolder();
    const script = "while :; do echo tick; sleep 0.1; done";
    writeFileSync(folder.join("ship-manifest.toml"), `[[fleet.x]]\nname = "x"\ncommand = "sh"\nargs = ["-c", "${script}"]\n`);
    const env = { MS_SOCKET_DIR: folder.join("run") };
    const child = spawn(process.execPath, [bin], { cwd: folder.path, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const closed = once(child, "close");
    try {
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      await once(child.stdout, "data");
      child.stdout.destroy();
      await eventually("the word", () => said.length > 0);
      expect(said).toBe("mothership: its output is lost: nobody reads it any more\n");
      const lost = async (): Promise<number> => {
        const { stdout } = await mothership(["explain", "x", "--json"], { cwd: folder.path, env });
        return stdout === "" ? 0 : (JSON.parse(stdout) as { readonly droppedLines: number }).droppedLines;
      };
      await eventually("lines that are counted", async () => (await lost()) > 0);
      // Nothing is left to tell it to: neither is the fleet's end.
      child.stderr.destroy();
    } finally {
      child.kill("SIGTERM");
    }
    expect(await closed).toEqual([0, null]);
  });

  test("of what it says of mistakes changes no exit code", async () => {
    using folder = tempFolder();
    const child = spawn(process.execPath, [bin, "clearance"], { cwd: folder.path, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    expect(await once(child, "close")).toEqual([2, null]);
  });
});
