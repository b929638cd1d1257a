import { join } from "node:path";
import { eventually, tempFolder } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../../packages/flagship/test/postgres-server.ts";
import { mothership, startFleet, type TestFleet } from "./support/fleet.ts";

const manifest = join(import.meta.dirname, "../../../examples/two-servers/ship-manifest.toml");
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server[Symbol.asyncDispose]());

/** A mothership as one of several servers, with a folder for its sockets that no other has. */
function start(name: string, folder: string, release: string): TestFleet {
  const env = {
    DATABASE_URL: url(),
    MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE: "true",
    MS_RELEASE: release,
    SERVER: name,
    MS_SOCKET_DIR: join(folder, name),
  };
  return startFleet("", { args: ["-c", manifest], env });
}

const url = (): string => `postgres://postgres:not-to-be-seen@127.0.0.1:${server.port}/postgres?sslmode=disable`;

describe("the example two-servers", () => {
  test("runs the migration on one of three servers and launches all of them", async () => {
    using folder = tempFolder();
    await using a = start("a", folder.path, "one");
    await using b = start("b", folder.path, "one");
    await using c = start("c", folder.path, "one");
    const fleets = [a, b, c];
    await Promise.all(fleets.map((fleet) => fleet.running()));
    const migrations = fleets.flatMap((fleet) => fleet.lines().filter((line) => line.ship === "migrate"));
    expect(migrations.map((line) => line.msg)).toEqual([expect.stringMatching(/^migrated by server [abc]$/)]);
    await Promise.all(fleets.map((fleet) => fleet.line("the worker", (line) => line.msg === "found 1 voyages")));
    const roles = fleets.map((fleet) => fleet.lines().find((line) => line["role"] !== undefined)?.["role"]);
    expect(roles.toSorted()).toEqual(["escort", "escort", "flagship"]);
    for (const fleet of fleets) {
      expect(fleet.stdout() + fleet.stderr()).not.toContain("not-to-be-seen");
      fleet.signal("SIGTERM");
      expect((await fleet.ended()).code).toBe(0);
    }
  });

  test("launches on no server when the migration fails on one", async () => {
    using folder = tempFolder();
    await server.run("DROP TABLE IF EXISTS voyages", "CREATE VIEW voyages AS SELECT 1 AS id");
    await using a = start("a", folder.path, "two");
    await using b = start("b", folder.path, "two");
    const ends = await Promise.all([a.ended(), b.ended()]);
    await server.run("DROP VIEW voyages");
    expect(ends.map(({ code }) => code)).toEqual([1, 1]);
    for (const fleet of [a, b]) expect(fleet.lines().some((line) => line.ship === "worker")).toBe(false);
    for (const { stderr } of ends) expect(stderr).toMatch(/migrat/);
    expect(ends.map(({ stdout, stderr }) => stdout + stderr).join("")).not.toContain("not-to-be-seen");
  });

  test("is checked before by preflight, which shows no password", async () => {
    const env = { DATABASE_URL: url(), MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE: "true" };
    const { code, stdout, stderr } = await mothership(["preflight", "-c", manifest], { env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ok +database +postgres:\/\/127\.0\.0\.1:\d+/);
    expect(stdout).toMatch(/no release is named/);
    expect(stdout).not.toContain("not-to-be-seen");
  });

  test("stops at once when it is told to while it waits for another server", async () => {
    using folder = tempFolder();
    await using holder = startFleet(
      `[mothership.flagship]\nenabled = true\nelection = "postgres"\nelection_url = "$DATABASE_URL"\n[[mothership.prelaunch]]\nname = "hangs"\ncommand = "sleep"\nargs = ["1000"]\n`,
      { env: { DATABASE_URL: url(), MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE: "true", MS_SOCKET_DIR: join(folder.path, "h") } },
    );
    await holder.line("the job", (line) => line.status === "prelaunch");
    await using waiting = start("w", folder.path, "three");
    await eventually("the wait", () => waiting.lines().some((line) => line.status === "electing"));
    waiting.signal("SIGINT");
    expect((await waiting.ended()).code).toBe(0);
  });
});
