import { existsSync } from "node:fs";
import { eventually, freePort, isAlive } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet } from "./support/fleet.ts";

describe("SIGTERM", () => {
  test("lets 50 running requests finish, stops the ships in reverse order and leaves nothing", async () => {
    const [http, first, second] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership.bind]
http = "127.0.0.1:${http}"
door = "unix:///tmp/ms-test-${process.pid}-${http}.sock"
${ship("first", first, 'routes = ["http:/first/.*"]')}
${ship("second", second, 'depends_on = ["first"]\nroutes = ["http:/.*", "door:/.*"]')}
`);
    await fleet.running();
    const door = `/tmp/ms-test-${process.pid}-${http}.sock`;
    expect(existsSync(door)).toBe(true);
    const { pid } = (await (await fetch(`http://127.0.0.1:${http}/pid`)).json()) as { pid: number };

    const answers = Array.from({ length: 50 }, (_, at) => fetch(`http://127.0.0.1:${http}/slow?ms=${1500 + at}`));
    await eventually("all 50 requests at the ship", () => fleet.lines().filter((line) => line.msg === "slow begun").length === 50);
    fleet.signal("SIGTERM");
    const statuses = (await Promise.all(answers)).map((answer) => answer.status);
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 200));

    const { code, stdout } = await fleet.ended();
    expect(code).toBe(0);
    const stops = fleet
      .lines()
      .filter((line) => line.msg === "stopping")
      .map((line) => line.ship);
    expect(stops).toEqual(["second", "first"]);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe('{"message":"Mothership landed","status":"landed"}');
    expect([isAlive(pid), existsSync(door)]).toEqual([false, false]);
    await expect(fetch(`http://127.0.0.1:${http}/`)).rejects.toThrow();
  });

  test("twice ends at once, a ship that ignores it included", async () => {
    await using fleet = startFleet(`
[[fleet.workers]]
name = "deaf"
command = "${process.execPath}"
args = ["-e", "process.on('SIGTERM', () => console.log('ignored')); setInterval(() => {}, 1000); console.log(process.pid)"]
`);
    await fleet.running();
    const { msg } = await fleet.line("the pid", (line) => line.ship === "deaf" && /^\d+$/.test(line.msg ?? ""));
    fleet.signal("SIGTERM");
    await fleet.line("the ship hearing the signal", (line) => line.msg === "ignored");
    fleet.signal("SIGTERM");
    const { code } = await fleet.ended();
    expect([code, isAlive(Number(msg))]).toEqual([0, false]);
  });
});

describe("SIGINT during start-up", () => {
  const stays = `"${process.execPath}"\nargs = ["-e", "setInterval(() => {}, 1000); console.log(process.pid)"]`;
  const phases = [
    ["prelaunch", `[[mothership.prelaunch]]\nname = "hangs"\ncommand = ${stays}\n[[fleet.web]]\nname = "never"\ncommand = "false"\n`],
    [
      "launching",
      `[[fleet.jobs]]\nname = "hangs"\noneshot = true\ncommand = ${stays}\n[[fleet.web]]\nname = "never"\ncommand = "false"\ndepends_on = ["hangs"]\n`,
    ],
  ] as const;

  test.each(phases)("in %s ends cleanly and leaves nothing", async (phase, manifest) => {
    await using fleet = startFleet(manifest);
    const { msg } = await fleet.line("the process that hangs", (line) => line.ship === "hangs");
    expect(
      fleet
        .lines()
        .filter((line) => line.status !== undefined)
        .at(-1)?.status,
    ).toBe(phase);
    fleet.signal("SIGINT");
    const { code, stderr } = await fleet.ended();
    expect([code, stderr, isAlive(Number(msg))]).toEqual([0, "", false]);
    const statuses = fleet.lines().flatMap((line) => line.status ?? []);
    expect(statuses.slice(-3)).toEqual(["draining", "landed", "landed"]);
    expect(fleet.lines().some((line) => line.ship === "never")).toBe(false);
  });

  test("at any moment ends cleanly", async () => {
    // The moments before the first output cannot be told apart from outside, so the signal comes after a random number of event-loop turns.
    for (const delay of [20, 40, 60, 80, 100, 140]) {
      await using fleet = startFleet(`[[fleet.web]]\nname = "app"\ncommand = ${stays}\n`);
      await new Promise((resolve) => setTimeout(resolve, delay));
      fleet.signal("SIGINT");
      await fleet.ended();
      const pid = Number(fleet.lines().find((line) => line.ship === "app")?.msg ?? 0);
      expect(pid === 0 || !isAlive(pid)).toBe(true);
      expect(fleet.stderr()).toBe("");
    }
  });
});
