import { writeFileSync } from "node:fs";
import { freePort, noTmux, openPane, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bin, ship } from "./support/fleet.ts";

const job = (script: string): string =>
  `[[mothership.prelaunch]]\nname = "migrate"\ncommand = "sh"\nargs = ["-c", ${JSON.stringify(script)}]\n`;
const crashing = (more: string): string => `
[[fleet.web]]
name = "app"
command = "sh"
args = ["-c", "echo starting; echo 'no database at db:5432' >&2; exit 7"]
${more}
`;

/** Starts a fleet on a terminal of 80 columns; what differs from run to run is made the same. */
async function onTerminal(manifest: string, env: Readonly<Record<string, string>> = { NO_COLOR: "1" }) {
  const folder = tempFolder();
  writeFileSync(folder.join("ship-manifest.toml"), manifest);
  const pane = await openPane({ columns: 80, rows: 24, env: { MS_SOCKET_DIR: folder.join("run"), ...env }, cwd: folder.path });
  await pane.type(`${process.execPath} ${bin}; echo left with $?`);
  const same = (screen: string): string =>
    screen
      .slice(screen.indexOf("mothership |"))
      .replace(/(?<=left with \d+\n)(?:.*\n?)*$/, "")
      .replaceAll(folder.path, "FOLDER")
      .replaceAll("^C", "")
      .replaceAll(/ \d+\.\ds/g, " N.Ns")
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
      .replaceAll(/^.*\| (?:listening|stopping)\n/gm, "")
      .trimEnd();
  return {
    pane,
    path: (name: string) => folder.join(name),
    shows: async (text: string | RegExp): Promise<string> => `${same(await pane.shows(text))}\n`,
    async [Symbol.asyncDispose]() {
      await pane[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

describe.skipIf(noTmux !== undefined)(`run on a terminal${noTmux ? ` (left out: ${noTmux})` : ""}`, () => {
  test("says each phase with how long it took, where the fleet listens, and how it ended", async () => {
    const [http, port] = [await freePort(), await freePort()];
    const bind = `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n`;
    await using shown = await onTerminal(`${bind}${job("echo migrating")}${ship("app", port, 'routes = ["http:/.*"]')}`);
    await shown.shows("listening:");
    await shown.shows(`http://127.0.0.1:${http}/`);
    await shown.pane.press("C-c");
    await expect(await shown.shows("left with 0")).toMatchFileSnapshot("golden/start-good.txt");
  });

  test("says what is waited for, and stops when it is told to", async () => {
    const sick = ship("app", await freePort()).replace("env = {", 'env = { SICK = "1", ');
    await using shown = await onTerminal(
      `${sick}[[fleet.workers]]\nname = "late"\ncommand = "sleep"\nargs = ["9"]\ndepends_on = ["app"]\n`,
    );
    await shown.shows(/^… launching {2}0 of 2 ready {2}\d+s {2}waits for app.*, late$/m);
    await shown.pane.press("C-c");
    const screen = await shown.shows("left with 0");
    expect(screen).not.toContain("…");
    await expect(screen).toMatchFileSnapshot("golden/start-stopped.txt");
  });

  test("of a prelaunch job that fails it says what, why, its last lines and what to do", async () => {
    await using shown = await onTerminal(`${job("echo migrating; echo 'no database' >&2; exit 3")}${crashing("")}`);
    await expect(await shown.shows("left with 1")).toMatchFileSnapshot("golden/start-job-failed.txt");
  });

  test("of a ship that does not come up too", async () => {
    await using shown = await onTerminal(crashing("max_restarts = 1\nhealthcheck = '/'\nbind = 'tcp://127.0.0.1:9'"));
    await expect(await shown.shows("left with 7")).toMatchFileSnapshot("golden/start-ship-failed.txt");
  });

  test("of a ship that is lost later too", async () => {
    const script = "while [ ! -e go ]; do sleep 0.05; done; echo 'out of memory'; exit 9";
    await using shown = await onTerminal(`[[fleet.web]]\nname = "app"\ncommand = "sh"\nargs = ["-c", "${script}"]\nrestart = "never"\n`);
    await shown.shows("running after");
    writeFileSync(shown.path("go"), "");
    const screen = await shown.shows("left with 9");
    await expect(screen).toMatchFileSnapshot("golden/run-lost.txt");
  });

  test("lists everything that is not as the manifest needs it", async () => {
    await using shown = await onTerminal(
      '[[fleet.web]]\nname = "app"\ncommand = "no-such-program"\n[[fleet.web]]\nname = "other"\ncommand = "./missing"\n',
    );
    await expect(await shown.shows("left with 1")).toMatchFileSnapshot("golden/start-preflight.txt");
  });

  test("has colours without NO_COLOR", async () => {
    await using shown = await onTerminal('[[fleet.web]]\nname = "app"\ncommand = "no-such-program"\n', {});
    await shown.shows("left with 1");
    expect(await shown.pane.screen({ codes: true })).toMatch(/\x1b\[[\d;]*31m/);
  });
});
