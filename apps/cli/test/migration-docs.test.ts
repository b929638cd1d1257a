import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { mothership } from "./support/fleet.ts";

/** Blocks of the page that have a file name behind their language, by the section that they stand in. */
const text = readFileSync(join(import.meta.dirname, "../../../docs/migration.md"), "utf8");
const sections = text.split(/^## /m).map((section) => ({
  title: section.slice(0, section.indexOf("\n")),
  files: new Map(Array.from(section.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm), ([, name = "", content = ""]) => [name, content])),
}));

describe("the page about migration", () => {
  test.each([
    ["From a Procfile", ["Procfile"]],
    ["From pm2", ["ecosystem.config.js", "--env", "production"]],
    ["From supervisord", ["supervisord.conf"]],
  ])("shows %s exactly what import makes of its example", async (title, args) => {
    const files = sections.find((section) => section.title === title)?.files ?? new Map<string, string>();
    using folder = tempFolder();
    for (const [name, content] of files) if (name !== "ship-manifest.toml" && name !== "stderr") writeFileSync(folder.join(name), content);
    const { code, stdout, stderr } = await mothership(["import", ...args], { cwd: folder.path });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: files.get("ship-manifest.toml"), stderr: files.get("stderr") });
    writeFileSync(folder.join("ship-manifest.toml"), stdout);
    expect((await mothership(["clearance"], { cwd: folder.path })).code).toBe(0);
  });

  test("has a cluster that shares a port, stops when it is told to, and ends with a worker that crashes", async () => {
    const files = sections.find(({ title }) => title === "From pm2")?.files;
    using folder = tempFolder();
    writeFileSync(folder.join("cluster.mjs"), files?.get("cluster.mjs") ?? "");
    writeFileSync(
      folder.join("server.mjs"),
      `import { createServer } from "node:http";
      createServer((request, response) => (request.url === "/crash" ? process.exit(3) : response.end(process.env.NODE_APP_INSTANCE + " " + process.pid)))
        .listen(process.env.PORT, "127.0.0.1");`,
    );
    const port = await freePort();
    const start = () => {
      const child = spawn(process.execPath, ["cluster.mjs", "./server.mjs", "2"], {
        cwd: folder.path,
        env: { ...process.env, PORT: String(port) },
      });
      // Its workers go when their channel to it closes.
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    };
    // A connection of its own each time, so that it goes to the next worker.
    const answer = () =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: "close" } })
        .then((response) => response.text())
        .catch(() => undefined);
    const both = async () => {
      const seen = new Set<string>();
      await eventually("answers of both workers", async () => {
        const text = await answer();
        if (text !== undefined) seen.add(text);
        return seen.size === 2;
      });
      return [...seen].map((one) => Number(one.split(" ")[1]));
    };
    const cluster = start();
    const pids = await both();
    cluster.kill("SIGTERM");
    await once(cluster, "exit");
    expect(pids.filter(isAlive)).toEqual([]);

    const second = start();
    await both();
    await fetch(`http://127.0.0.1:${port}/crash`).catch(() => undefined);
    expect(await once(second, "exit")).toEqual([1, null]);
  });
});
