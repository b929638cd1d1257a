import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet, type TestFleet } from "./support/fleet.ts";

interface Entry {
  readonly [field: string]: unknown;
}

const linesOf = (text: string): Entry[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";

/** A fleet with one ship behind one bind. */
async function fleetWith(settings: string, more = ""): Promise<{ readonly fleet: TestFleet; readonly url: string }> {
  const [http, port] = [await freePort(), await freePort()];
  const fleet = startFleet(
    `${settings}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${more}${ship("app", port, 'routes = ["http:/.*"]')}`,
  );
  await fleet.running();
  return { fleet, url: `http://127.0.0.1:${http}` };
}

describe("the access log", () => {
  test("is off unless it is asked for", async () => {
    const { fleet, url } = await fleetWith("");
    await using _ = fleet;
    await (await fetch(url)).text();
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).stdout).not.toContain('"message":"request"');
  });

  test("is a line of JSON for each request on standard output, with who asked, who answered, and how long it took", async () => {
    const { fleet, url } = await fleetWith('[mothership]\naccess_log = { ja4h = true, query = "redacted" }');
    await using _ = fleet;
    const headers = { "User-Agent": chrome };
    await (await fetch(`${url}/hello?page=2&token=hush`, { method: "POST", body: "12345", headers })).text();
    const entry = await fleet.line("the line", (line) => line.message === "request");
    expect(entry).toMatchObject({
      bind: "http",
      client: "127.0.0.1",
      method: "POST",
      host: "127.0.0.1",
      path: "/hello",
      query: "?page=2&token=***",
      version: "1.1",
      route: "/.*",
      ship: "app",
      status: 200,
      end: "complete",
      requestBytes: 5,
      agent: "chromium",
      userAgent: chrome,
      requestId: expect.stringMatching(/.{8,}/),
      ja4h: expect.stringMatching(/^po11nn\d{2}[\w*]{4}_[\da-f]{12}_0{12}_0{12}$/),
    });
    expect(Date.parse(String(entry["time"]))).toBeGreaterThan(0);
    expect(Number(entry["durationMs"])).toBeGreaterThanOrEqual(Number(entry["firstByteMs"]));
    expect(Number(entry["responseBytes"])).toBeGreaterThan(0);
    expect(fleet.stdout()).not.toContain("hush");
  });

  test("says nothing of the query and no fingerprint by itself, and all of the query when asked", async () => {
    const { fleet, url } = await fleetWith("[mothership]\naccess_log = true");
    await using _ = fleet;
    await (await fetch(`${url}/a?x=1`)).text();
    const entry = await fleet.line("the line", (line) => line.message === "request");
    expect(Object.keys(entry)).not.toContain("query");
    expect(Object.keys(entry)).not.toContain("ja4h");

    const full = await fleetWith('[mothership]\naccess_log = { query = "full", stream = "stderr" }');
    await using __ = full.fleet;
    await (await fetch(`${full.url}/a?token=1`)).text();
    const [line] = await eventually("the line", () => (full.fleet.stderr().endsWith("\n") ? linesOf(full.fleet.stderr()) : undefined));
    expect(line).toMatchObject({ query: "?token=1", path: "/a" });
  });

  test("goes to a file that is renamed when it is full, and to another one after a reload", async () => {
    const { fleet, url } = await fleetWith(
      '[mothership]\naccess_log = { file = "log/access.log", max_size = "4KiB", max_files = 2, compress = false }',
    );
    await using _ = fleet;
    const folder = join(fleet.folder, "log");
    for (let n = 0; n < 30; n++) await (await fetch(`${url}/${n}`)).text();
    await eventually("the files", () => readdirSync(folder).length === 3);
    expect(readdirSync(folder).sort()).toEqual(["access.log", "access.log.1", "access.log.2"]);
    const paths = (): unknown[] =>
      ["access.log.2", "access.log.1", "access.log"].flatMap((name) =>
        linesOf(readFileSync(join(folder, name), "utf8")).map(({ path }) => path),
      );
    await eventually("the last line", () => paths().at(-1) === "/29");
    expect(paths()).toEqual(Array.from({ length: paths().length }, (_, n) => `/${30 - paths().length + n}`));
    expect(fleet.stdout()).not.toContain('"message":"request"');

    const manifest = join(fleet.folder, "ship-manifest.toml");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace("log/access.log", "log/other.log"));
    expect((await mothership(["reload"], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
    await (await fetch(`${url}/after`)).text();
    await eventually("the other file", () => readdirSync(folder).includes("other.log"));
    await eventually("its line", () => readFileSync(join(folder, "other.log"), "utf8").includes('"path":"/after"'));
  });

  test("writes a sample, and every request that failed", async () => {
    const { fleet, url } = await fleetWith("[mothership]\naccess_log = { sample = 0 }");
    await using _ = fleet;
    for (let n = 0; n < 5; n++) await (await fetch(`${url}/fine`)).text();
    await fetch(`${url}/crash?code=1`);
    const entry = await fleet.line("the failure", (line) => line.message === "request");
    expect([entry["path"], entry["status"]]).toEqual(["/crash", 502]);
  });

  test("has a line for what was refused before it was a request", async () => {
    const { fleet, url } = await fleetWith("[mothership]\naccess_log = true");
    await using _ = fleet;
    expect((await fetch(`${url}/`, { headers: { "X-Long": "x".repeat(20_000) } })).status).toBe(431);
    const entry = await fleet.line("the line", (line) => line.message === "request");
    expect(entry).toMatchObject({
      bind: "http",
      client: "127.0.0.1",
      status: 431,
      code: expect.stringMatching(/\w/),
      reason: expect.any(String),
    });
  });

  test("has the lines of all threads of the edge", async () => {
    const { fleet, url } = await fleetWith("[mothership]\nedge_threads = 2\naccess_log = true");
    await using _ = fleet;
    // A connection each, so that the system spreads them.
    for (let n = 0; n < 20; n++) await (await fetch(`${url}/${n}`, { headers: { Connection: "close" } })).text();
    const written = (): unknown[] => fleet.lines().flatMap(({ message, path }) => (message === "request" ? [path] : []));
    await eventually("all lines", () => written().length === 20);
    expect(new Set(written())).toEqual(new Set(Array.from({ length: 20 }, (_, n) => `/${n}`)));
  });
});
