import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { freePort } from "@mothership/testkit";
import { expect, test } from "vitest";
import { mothership, ship, startFleet } from "./support/fleet.ts";

/** Asks again and again, a few at a time on fresh connections, until the work is done; how each was answered. */
async function statusesDuring(port: number, work: () => Promise<void>): Promise<readonly string[]> {
  const statuses: string[] = [];
  let over = false;
  const ask = (): Promise<string> =>
    new Promise((resolve) => {
      get({ host: "127.0.0.1", port, agent: false }, (response) => {
        response.resume().once("end", () => resolve(String(response.statusCode)));
      }).once("error", (error) => resolve(error.message));
    });
  const line = async (): Promise<void> => {
    while (!over) statuses.push(await ask());
  };
  const lines = [line(), line(), line(), line()];
  await work();
  over = true;
  await Promise.all(lines);
  return statuses;
}

test.each([1, 2])("a reload that changes how a ship is talked to refuses no request, with %i threads of the edge", async (threads) => {
  const [http, port] = [await freePort(), await freePort()];
  const manifest = (queued: number): string =>
    `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, `routes = ["http:/.*"]\n[fleet.web.upstream]\nmax_queued = ${queued}`)}`;
  await using fleet = startFleet(manifest(100));
  await fleet.running();
  const statuses = await statusesDuring(http, async () => {
    for (let round = 1; round <= 5; round++) {
      writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest(100 + round));
      expect(await mothership(["reload"], { cwd: fleet.folder, env: fleet.env })).toMatchObject({ code: 0 });
    }
  });
  expect(statuses.length).toBeGreaterThan(10);
  expect(statuses.filter((status) => status !== "200")).toEqual([]);
});
