import { fileURLToPath } from "node:url";
import { noTmux, openPane, type Pane } from "@mothership/testkit";
import { describe, expect, test } from "vitest";

const show = `node ${fileURLToPath(new URL("show.ts", import.meta.url))}`;
const small = { columns: 80, rows: 24 };
const sizes = [small, { columns: 120, rows: 40 }, { columns: 200, rows: 60 }] as const;

async function opened(pane: Pane, count: number, mode = ""): Promise<void> {
  await pane.type(`${show} ${count} ${mode}`);
  await pane.shows("q quit");
}

/** The shell works as it did: its own screen, a cursor, lines that wrap, what is typed is seen. */
async function expectRestored(pane: Pane): Promise<string> {
  await pane.press("Enter");
  // Trailing spaces are not captured.
  await pane.shows(/\$$/m);
  await pane.type('echo "typed"-again');
  // What is typed before the shell asks for it is seen before its prompt.
  const screen = await pane.shows(/^(?:\$ )?typed-again$/m);
  expect(screen).toContain('echo "typed"-again');
  expect([await pane.flag("alternate_on"), await pane.flag("cursor_flag"), await pane.flag("wrap_flag")]).toEqual(["0", "1", "1"]);
  return screen;
}

describe.skipIf(noTmux !== undefined)(`in a real terminal${noTmux ? ` (left out: ${noTmux})` : ""}`, () => {
  test.each([1, 12, 300])("shows %i units at three sizes, the terminal being resized", async (count) => {
    await using pane = await openPane(small);
    await opened(pane, count);
    await pane.press("End");
    await pane.shows(count === 1 ? "▸ ship-0" : `▸ bay-${count - 1}`);
    for (const { columns, rows } of sizes) {
      await pane.resize(columns, rows);
      // The rule under the units is as wide as the terminal, and the last row is drawn last.
      const screen = await pane.shows(new RegExp(`^(?=[^]*^─{${columns}}$)(?:.*\\n){${rows - 1}}.*q quit`, "m"));
      await expect(screen).toMatchFileSnapshot(`golden/terminal-${count}-${columns}x${rows}.txt`);
    }
  });

  test("q leaves the terminal as it was, and what the keys did was done", async () => {
    await using pane = await openPane(small);
    await opened(pane, 12);
    await pane.press("j", "r");
    await pane.shows('Restart "ship-1"? y: yes');
    await pane.press("y");
    await pane.shows("ship-1: restart done");
    await pane.press("Tab");
    await pane.shows(/following +200 of 200 lines/);
    await pane.press("PPage");
    await pane.shows("standing still");
    await pane.press("/", "l", "i", "n", "e", "Space", "1", "3", "Enter");
    await pane.shows(/▸ line 139 of/);
    await pane.press("Tab");
    await pane.shows("▸ rate_limiter");
    await pane.press("q");
    await pane.shows("left: detach; asked: restart ship-1, logs ship-1; ");
    await expectRestored(pane);
  });

  test.each([
    ["an error that nobody catches", "throw", "thrown on purpose"],
    ["process.exit", "exit", "$"],
    ["SIGKILL", "kill", "was killed; press Enter"],
  ])("%s leaves the terminal as it was", async (_, mode, seen) => {
    await using pane = await openPane(small);
    await opened(pane, 3, mode);
    await pane.press("r");
    await pane.shows("y: yes");
    await pane.press("y");
    await pane.shows(seen);
    const screen = await expectRestored(pane);
    expect(screen).toContain(seen);
    expect(screen).not.toContain("[ Overview ]");
  });

  test("a text that is pasted stops nothing", async () => {
    await using pane = await openPane(small);
    await opened(pane, 3);
    await pane.paste("sy");
    await pane.shows("ship-0: nothing done");
    await pane.press("q");
    await pane.shows("left: detach; asked: ;");
  });

  test.each(["gone", "socket gone"])("says when the fleet has gone and waits for q (%s)", async (mode) => {
    await using pane = await openPane(small);
    await opened(pane, 3, mode);
    await pane.press("r");
    await pane.shows("y: yes");
    await pane.press("y");
    await pane.shows(/^The fleet is gone: .*Press q to leave\.$/m);
    await pane.press("q");
    await pane.shows("left: detach");
    await expectRestored(pane);
  });

  test("has 16 colours, and none with NO_COLOR", async () => {
    for (const [env, colors] of [
      [{}, true],
      [{ NO_COLOR: "1" }, false],
    ] as const) {
      await using pane = await openPane({ ...small, env });
      await opened(pane, 12);
      const screen = await pane.screen({ codes: true });
      expect(/\x1b\[[\d;]*3[1-7]m/.test(screen)).toBe(colors);
      expect(screen).not.toMatch(/[34]8;[25];/);
      await pane.press("q");
      await pane.shows("left: detach");
    }
  });

  test.each(["flood", "socket flood"])("10,000 lines a second leave it quick and cheap (%s)", async (mode) => {
    await using pane = await openPane({ columns: 200, rows: 60 });
    await opened(pane, 12, mode);
    await pane.press("2");
    await pane.shows("flood");
    const waits: number[] = [];
    for (let press = 0; press < 10; press++) {
      const began = performance.now();
      await pane.press("f");
      await pane.shows(press % 2 === 0 ? "standing still" : "following");
      waits.push(performance.now() - began);
    }
    // Long enough that what starting up costs is little of the whole.
    await pane.shows(/flood 2\d{4} /);
    await pane.press("q");
    const cpu = Number((await pane.shows(/cpu [\d.]+%/)).match(/cpu ([\d.]+)%/)?.[1]);
    const median = waits.sort((a, b) => a - b)[5] ?? Infinity;
    process.stderr.write(`${mode}: a key is seen after ${median.toFixed(0)} ms (median, tmux included), cpu ${cpu}%\n`);
    // Alone on a machine: some 30 ms and 12%. Machines that run tests are shared.
    expect(median).toBeLessThan(250);
    expect(cpu).toBeLessThan(25);
    await expectRestored(pane);
  });
});
