import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { startFleet } from "./fleet.ts";

const examples = join(import.meta.dirname, "../../../examples");

/** A copy of an example in which every port of the manifest is another, free one. */
async function example(
  name: string,
): Promise<{ readonly manifest: string; readonly folder: ReturnType<typeof tempFolder>; readonly ports: ReadonlyMap<string, number> }> {
  const folder = tempFolder();
  cpSync(join(examples, name), folder.path, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  const text = readFileSync(folder.join("ship-manifest.toml"), "utf8");
  const ports = new Map<string, number>();
  for (const [, port = ""] of text.matchAll(/127\.0\.0\.1:(\d+)/g)) if (!ports.has(port)) ports.set(port, await freePort());
  const manifest = [...ports].reduce((changed, [port, free]) => changed.replaceAll(port, String(free)), text);
  writeFileSync(folder.join("ship-manifest.toml"), manifest);
  return { manifest: folder.join("ship-manifest.toml"), folder, ports };
}

describe("the example", () => {
  test("web-and-worker serves its page, its stripped prefix and its files, works, and leaves nothing", async () => {
    const { manifest, folder, ports } = await example("web-and-worker");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const site = `http://127.0.0.1:${ports.get("8080")}`;
    expect(await (await fetch(site)).text()).toContain("A small fleet");
    expect(await (await fetch(`${site}/api/time`)).json()).toMatchObject({ client: "127.0.0.1" });
    expect((await fetch(`${site}/static/style.css`)).headers.get("content-type")).toMatch(/^text\/css/);
    await fleet.line("the worker", (line) => line.ship === "worker" && line.msg === "worker ready");
    const said = fleet.lines().flatMap((line) => (line.ship === undefined ? [] : [`${line.ship}: ${line.msg}`]));
    expect(said).toContain("prepare: prepared: the folder is there and can be read");
    expect(said).toContain("seed: seeded 3 ships into the harbour");

    const pids = fleet.lines().flatMap((line) => (typeof line["pid"] === "number" ? [line["pid"]] : []));
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("echo-bay answers on two WebSockets, one bay in Node and one in Python, and leaves nothing", async () => {
    const { manifest, folder, ports } = await example("echo-bay");
    using _ = folder;
    // Beside the copy stands what the workspace has installed for the example.
    symlinkSync(join(examples, "echo-bay/node_modules"), folder.join("node_modules"));
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    for (const path of ["/echo", "/python"]) {
      const socket = new WebSocket(`ws://127.0.0.1:${ports.get("8090")}${path}`);
      const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
      socket.addEventListener("open", () => socket.send(`hello ${path}`));
      expect(await heard).toBe(`hello ${path}`);
      socket.close();
    }
    const pids = (await fleet.units()).flatMap(({ pid }) => pid ?? []);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("payloads guards, blocks and decorates", async () => {
    const { manifest, folder, ports } = await example("payloads");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const site = `http://127.0.0.1:${ports.get("8080")}`;
    const page = await fetch(site);
    expect([page.status, page.headers.get("content-security-policy")]).toEqual([200, "default-src 'self'"]);
    expect((await fetch(`${site}/admin/x`)).status).toBe(401);
    expect((await fetch(site, { headers: { "User-Agent": "scrapy" } })).status).toBe(403);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });
});
