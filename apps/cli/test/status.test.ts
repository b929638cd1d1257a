import { controlPath, type FleetControl, type FleetSnapshot, serveControl, type UnitSnapshot } from "@mothership/control";
import { silentLogger, systemClock } from "@mothership/kernel";
import { noTmux, openPane, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, mothership, startFleet } from "./support/fleet.ts";

const sleeper = '[[fleet.web]]\nname = "app"\ncommand = "sleep"\nargs = ["1000"]\n';

/** A fleet of plain values behind a real control socket: so many ships cost nothing. */
async function literalFleet(manifest: string, env: Record<string, string>, count: number) {
  const unit = (at: number): UnitSnapshot => ({
    ...{ name: `ship-${at}`, kind: "ship", group: "web", state: "ready", since: Date.now(), reason: "", critical: true, healthy: true },
    ...{ restarts: 0, crashLoop: false, pid: 1000 + at, routes: [], waitsFor: [] },
  });
  const state = { seq: 1, units: Array.from({ length: count }, (_, at) => unit(at)) };
  const snapshot = async (): Promise<FleetSnapshot> => ({
    ...{ status: "running", since: Date.now(), pid: 77, version: "1", manifest, listening: [], modules: [] },
    ...state,
  });
  const control = { snapshot } as unknown as FleetControl;
  const served = await serveControl(control, controlPath(manifest, env), { clock: systemClock, log: silentLogger });
  return { state, served };
}

describe.skipIf(noTmux !== undefined)(`status --watch on a terminal${noTmux ? ` (left out: ${noTmux})` : ""}`, () => {
  test("shows 300 ships in 24 rows, follows what changes, and gives the terminal back", async () => {
    using folder = tempFolder();
    const env = { MS_SOCKET_DIR: folder.join("run") };
    const manifest = folder.join("ship-manifest.toml");
    const { state, served } = await literalFleet(manifest, env, 300);
    await using pane = await openPane({ columns: 80, rows: 24, env, cwd: folder.path });
    await pane.type(`${process.execPath} ${bin} status --watch --interval 200ms`);
    await pane.shows(/^running for .*\nship-0 .*\nship-19 .*\nand 280 more;/s);
    expect(await pane.flag("alternate_on")).toBe("1");
    state.units = state.units.map((unit) =>
      unit.name === "ship-250" ? { ...unit, healthy: false, state: "failed", reason: "exit 1" } : unit,
    );
    await pane.shows(/\nship-250 +web +failed .* exit 1\nship-0 /);
    await pane.resize(100, 12);
    await pane.shows(/^running for .*\nship-250 .*\nand 292 more;/s);
    await served.close();
    await pane.shows(/^The fleet has ended; looking on, q leaves/);
    await pane.press("q");
    await pane.type("echo typed-again");
    // What is typed before the shell asks for it is seen before its prompt.
    const screen = await pane.shows(/^(?:\$ )?typed-again$/m);
    expect(screen).toMatch(/echo typed-again/);
    expect([await pane.flag("alternate_on"), await pane.flag("cursor_flag"), await pane.flag("wrap_flag")]).toEqual(["0", "1", "1"]);
  });

  test.each(["C-c", "q", "Escape"])("ends with %s, exit code 0", async (key) => {
    await using fleet = startFleet(sleeper);
    await fleet.running();
    await using pane = await openPane({ columns: 80, rows: 24, env: fleet.env, cwd: fleet.folder });
    await pane.type(`${process.execPath} ${bin} status -w; echo left with $?`);
    await pane.shows(/^app +web +up/m);
    await pane.press(key);
    await pane.shows("left with 0");
  });
});

describe("status --watch elsewhere", () => {
  test("prints a block each time, or a line of JSON, and ends with the fleet", async () => {
    await using fleet = startFleet(sleeper);
    await fleet.running();
    const options = { cwd: fleet.folder, env: fleet.env };
    const blocks = mothership(["status", "--watch", "--interval", "200ms"], options);
    const lines = mothership(["status", "--watch", "--interval", "200ms", "--json"], options);
    // Two looks at least: the second cannot come before its time is over.
    await fleet.units();
    await fleet.units();
    await fleet.units();
    fleet.signal("SIGTERM");
    const [text, json] = await Promise.all([blocks, lines]);
    expect([text.code, text.stderr]).toEqual([6, expect.stringMatching(/no fleet is running/)]);
    expect(text.stdout).toMatch(/^running for .*\n\nNAME .*\napp .*\n/);
    expect(text.stdout).not.toContain("\x1b");
    for (const line of json.stdout.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("units.0.name", "app");
  });

  test("says what is wrong with an interval, and that there is no fleet", async () => {
    expect(await mothership(["status", "--watch", "--interval", "1ms"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/from 200ms/),
    });
    expect(await mothership(["status", "--interval", "5s"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/belongs to "--watch"/),
    });
    const nowhere = { env: { MS_SOCKET_DIR: "/tmp/ms-none" } };
    expect((await mothership(["status", "--watch"], nowhere)).code).toBe(6);
  });
});
