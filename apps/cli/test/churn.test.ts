import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { connectControl, controlPath } from "@mothership/control";
import { eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet, type TestFleet } from "./support/fleet.ts";

/** Writes what mothership holds to a file at each SIGUSR2; the benchmark of a thousand rounds uses it too. */
const inside = join(import.meta.dirname, "../../../bench/supervision/inside.cjs");
const rounds = 100;

interface Held {
  readonly fds: number;
  readonly timers: number;
  readonly resources: number;
  readonly heapKb: number;
}

const controlOf = (fleet: TestFleet) => connectControl(controlPath(join(realpathSync(fleet.folder), "ship-manifest.toml"), fleet.env));

function lookerAt(fleet: TestFleet, file: string): () => Promise<Held> {
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
  return async () => {
    const before = lines().length;
    fleet.signal("SIGUSR2");
    return JSON.parse(await eventually("a look inside", () => lines()[before], 10_000)) as Held;
  };
}

/** What a fleet holds after a hundred rounds is what it held before, but for what a look or a probe under way makes of it. */
async function holdsNothingOf(fleet: TestFleet, file: string, once: () => Promise<unknown>): Promise<void> {
  const look = lookerAt(fleet, file);
  for (let at = 0; at < 20; at++) await once();
  const before = await look();
  for (let at = 0; at < rounds; at++) await once();
  const after = await eventually("as few descriptors and timers as before", async () => {
    const now = await look();
    return now.fds <= before.fds && now.timers <= before.timers + 2 && now.resources <= before.resources + 2 ? now : undefined;
  });
  // Events of the last thousand changes are kept; a process or an edge that stays behind is far more than that.
  expect(after.heapKb - before.heapKb).toBeLessThan(rounds * 20);
}

describe.runIf(process.platform === "linux")("a fleet holds no more than before", () => {
  const start = (manifest: (round: number) => string, file: string): TestFleet =>
    startFleet(manifest(0), { env: { MS_BENCH_INSIDE: file, NODE_OPTIONS: `--require ${JSON.stringify(inside)}` } });

  test(`after ${rounds} restarts`, { timeout: 120_000 }, async () => {
    await using fleet = start(() => '[[fleet.work]]\nname = "app"\ncommand = "sleep"\nargs = ["1000"]\n', "inside.jsonl");
    await fleet.running();
    await holdsNothingOf(fleet, join(fleet.folder, "inside.jsonl"), () => controlOf(fleet).restart("app"));
  });

  test(`after ${rounds} reloads that swap routes, start, restart and stop ships`, { timeout: 120_000 }, async () => {
    const [http, port] = [await freePort(), await freePort()];
    const work = (name: string, round: number): string =>
      `[[fleet.work]]\nname = "${name}"\ncommand = "sh"\nargs = ["-c", "echo round ${round}; exec sleep 1000"]\nstartup = { type = "log", pattern = "round" }\n`;
    const manifest = (round: number): string =>
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, `routes = ["http:/${round % 5}.*", "http:/.*"]`)}${work("changed", round)}${round % 2 === 1 ? work("sometimes", 0) : ""}`;
    await using fleet = start(manifest, "inside.jsonl");
    await fleet.running();
    let round = 0;
    await holdsNothingOf(fleet, join(fleet.folder, "inside.jsonl"), async () => {
      writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest(++round));
      await controlOf(fleet).reload();
    });
  });
});

describe("requests while the fleet changes", () => {
  test("pm2#3143: a reload fails none of those to a ship that it does not touch", async () => {
    const [http, port, other] = [await freePort(), await freePort(), await freePort()];
    const manifest = (round: number): string =>
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, 'routes = ["http:/app"]')}${ship("other", other, `routes = ["http:/other-${round}"]`).replace("env = {", `env = { ROUND = "${round}",`)}`;
    await using fleet = startFleet(manifest(0));
    await fleet.running();
    using asking = new Asking(http, "/app");
    for (let round = 1; round <= 3; round++) {
      writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest(round));
      await controlOf(fleet).reload();
    }
    const answers = await asking.end();
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.filter((answer) => answer !== "200")).toEqual([]);
  });

  test.each([
    ["by the ship, for which requests wait", "", ["200"]],
    ["where none may wait: by the ship, or that it is on its way", 'upstream = { hold_timeout = "0s" }', ["200", "503 retry-after"]],
  ])("pm2#3143: a restart breaks no connection and answers every one %s", async (_, settings, expected) => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", port, `routes = ["http:/.*"]\n${settings}`)}`,
    );
    await fleet.running();
    using asking = new Asking(http, "/");
    for (let round = 0; round < 3; round++) await controlOf(fleet).restart("app");
    const answers = await asking.end();
    expect([...new Set(answers)].sort()).toEqual(expected);
    expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(200);
  });
});

/** Asks again and again, a few at a time, and notes how each was answered. */
class Asking implements Disposable {
  readonly #answers: string[] = [];
  readonly #all: Promise<unknown>;
  #over = false;

  constructor(port: number, path: string) {
    const ask = (): Promise<string> =>
      new Promise((resolve) => {
        const req = get({ host: "127.0.0.1", port, path, agent: false }, (res) => {
          const late = res.headers["retry-after"] === undefined ? "" : " retry-after";
          res.resume().once("end", () => resolve(`${res.statusCode}${late}`));
          res.once("error", (error) => resolve(error.message));
        });
        req.once("error", (error) => resolve(error.message));
      });
    const line = async (): Promise<void> => {
      while (!this.#over) {
        this.#answers.push(await ask());
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    this.#all = Promise.all([line(), line(), line()]);
  }

  async end(): Promise<readonly string[]> {
    this.#over = true;
    await this.#all;
    return this.#answers;
  }

  [Symbol.dispose](): void {
    this.#over = true;
  }
}
