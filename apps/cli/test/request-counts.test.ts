import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet } from "./support/fleet.ts";

describe("requests of each ship", () => {
  test.each([1, 2])("are counted over %i threads, and over a reload", async (threads) => {
    const [http, first, second, third] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const settings = `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n`;
    const app = ship("app", first, 'routes = ["http:/app"]');
    await using fleet = startFleet(`${settings}${app}${ship("other", second, 'routes = ["http:/other"]')}${ship("unrouted", third)}`);
    await fleet.running();
    const counts = async (): Promise<Record<string, number | undefined>> =>
      Object.fromEntries(((await fleet.units()) as { name: string; requests?: number }[]).map(({ name, requests }) => [name, requests]));
    expect(await counts()).toEqual({ app: 0, other: 0, unrouted: undefined });
    for (let at = 0; at < 10; at++) await fetch(`http://127.0.0.1:${http}/app`, { headers: { connection: "close" } });
    await fetch(`http://127.0.0.1:${http}/nowhere`);
    expect(await counts()).toEqual({ app: 10, other: 0, unrouted: undefined });
    const changed = `${settings}${app.replace('["http:/app"]', '["http:/app", "http:/more"]')}${ship("unrouted", third)}`;
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), changed);
    expect((await mothership(["reload"], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
    await fetch(`http://127.0.0.1:${http}/more`, { headers: { connection: "close" } });
    expect(await counts()).toEqual({ app: 11, unrouted: undefined });
  });
});
