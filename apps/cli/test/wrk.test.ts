import { execFile, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet, type TestFleet } from "./support/fleet.ts";

const run = promisify(execFile);
const found = spawnSync("wrk", ["-v"]).error === undefined;

interface Load {
  readonly requests: number;
  /** What wrk says of connections that failed: "" for none. */
  readonly socketErrors: string;
  readonly failures: number;
}

/** Two seconds of requests from 16 connections. */
async function load(port: number, ...fields: readonly string[]): Promise<Load> {
  const options = fields.flatMap((field) => ["-H", field]);
  const { stdout } = await run("wrk", ["-t1", "-c16", "-d2s", "--timeout", "30s", ...options, `http://127.0.0.1:${port}/`]);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    socketErrors: /Socket errors: .*/.exec(stdout)?.[0] ?? "",
    failures: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0),
  };
}

interface Loaded extends AsyncDisposable {
  readonly fleet: TestFleet;
  readonly port: number;
  command(...args: readonly string[]): Promise<number | null>;
}

async function served(): Promise<Loaded> {
  const [port, app, spare] = [await freePort(), await freePort(), await freePort()];
  const routes = (path: string): string => `routes = ["http:${path}"]`;
  const bind = `[mothership.bind]\nhttp = "127.0.0.1:${port}"\n`;
  const fleet = startFleet(`${bind}${ship("spare", spare, routes("/spare.*"))}${ship("app", app, routes("/.*"))}`);
  await fleet.running();
  return {
    fleet,
    port,
    command: async (...args) => (await mothership(args, { cwd: fleet.folder, env: fleet.env })).code,
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

describe.skipIf(!found)("under wrk no connection fails (skipped where there is none)", () => {
  test.each([
    ["that is kept alive", []],
    ["of one request each", ["Connection: close"]],
  ])("%s", async (_, fields) => {
    await using edge = await served();
    const { requests, socketErrors, failures } = await load(edge.port, ...fields);
    expect([socketErrors, failures]).toEqual(["", 0]);
    expect(requests).toBeGreaterThan(100);
  });

  test("while the plan is replaced, and no request either", async () => {
    await using edge = await served();
    const loaded = load(edge.port);
    const manifest = join(edge.fleet.folder, "ship-manifest.toml");
    const text = readFileSync(manifest, "utf8");
    for (const path of ["other", "third"]) {
      writeFileSync(manifest, text.replace("http:/spare", `http:/${path}`));
      expect(await edge.command("reload")).toBe(0);
    }
    const { socketErrors, failures } = await loaded;
    expect([socketErrors, failures]).toEqual(["", 0]);
  });

  test("while the ship behind it is restarted: requests wait or get an answer that says so", async () => {
    await using edge = await served();
    const loaded = load(edge.port);
    expect(await edge.command("restart", "app")).toBe(0);
    expect((await loaded).socketErrors).toBe("");
  });

  test("while the ship behind it is killed", async () => {
    await using edge = await served();
    const pid = async (): Promise<number | undefined> => (await edge.fleet.units()).find(({ name }) => name === "app")?.pid;
    const before = await pid();
    const loaded = load(edge.port);
    process.kill(before ?? 0, "SIGKILL");
    await eventually("another process", async () => ![undefined, before].includes(await pid()), 20_000);
    const { socketErrors, requests } = await loaded;
    expect(socketErrors).toBe("");
    expect(requests).toBeGreaterThan(100);
  });
});
