import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { eventually, freePort, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, mothership, ship, startFleet } from "./support/fleet.ts";

const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

/** A real terminal, in a tmux server of its own. */
function terminal(command: string, folder: string, env: Readonly<Record<string, string>>) {
  // tmux leaves a socket in its own folder behind.
  const own = tempFolder();
  const tmux = (...args: string[]): string =>
    spawnSync("tmux", ["-S", own.join("socket"), ...args], { encoding: "utf8", env: { ...process.env, ...env } }).stdout;
  tmux(
    "new-session",
    "-d",
    "-x",
    "100",
    "-y",
    "28",
    "-c",
    folder,
    `${command}; echo "left with $?"; stty -a | tr ';' '\\n' | grep -o -e '-\\?icanon' -e '-\\?echo ' | tr -d '\\n'; sleep 60`,
  );
  const screen = (): string => tmux("capture-pane", "-p");
  return {
    screen,
    shows: (text: string) => eventually(`"${text}" in ${screen()}`, () => screen().includes(text)),
    press: (...keys: string[]) => tmux("send-keys", ...keys),
    [Symbol.dispose]: () => {
      tmux("kill-server");
      own[Symbol.dispose]();
    },
  };
}

describe.skipIf(!hasTmux)("the terminal user interface (skipped where there is no tmux)", () => {
  test("attaches to a fleet, steers it, and leaves it as it is", async () => {
    await using fleet = startFleet(ship("app", await freePort()));
    await fleet.running();
    using term = terminal(`${process.execPath} ${bin} tui`, fleet.folder, fleet.env);
    await term.shows("running");
    await term.shows("app");
    const pid = async (): Promise<number> =>
      JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout).units[0].pid;
    const before = await pid();
    term.press("r");
    term.press("y");
    await eventually("another pid", async () => (await pid()) !== before && !isAlive(before));
    term.press("Tab");
    await term.shows("listening");
    term.press("q");
    await term.shows("left with 0");
    // The terminal reads lines and shows what is typed again.
    await term.shows("icanon");
    expect(term.screen()).not.toMatch(/-icanon|-echo /);
    expect(isAlive(fleet.pid)).toBe(true);
  });

  test("run --tui stops the fleet when it is left, and says so on a terminal that works", async () => {
    await using other = startFleet('[[fleet.web]]\nname = "x"\ncommand = "sleep"\nargs = ["1000"]\n');
    await other.running();
    using term = terminal(`${process.execPath} ${bin} --tui`, other.folder, { MS_SOCKET_DIR: join(other.folder, "second") });
    await term.shows("1/1 unit healthy");
    term.press("q");
    await term.shows("Mothership landed");
    await term.shows("left with 0");
  });

  test("needs a terminal", async () => {
    await using fleet = startFleet('[[fleet.web]]\nname = "x"\ncommand = "sleep"\nargs = ["1000"]\n');
    await fleet.running();
    const { code, stderr } = await mothership(["tui"], { cwd: fleet.folder, env: fleet.env });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/terminal/)]);
    expect((await mothership(["--tui"], { cwd: fleet.folder, env: fleet.env })).code).toBe(2);
  });
});
