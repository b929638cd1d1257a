import { beforeAll, describe, expect, test } from "vitest";
import { explanationOf, fleetOf, noon, unitNumber } from "../test/fleet.ts";
import { LogBuffer } from "./log-buffer.ts";
import { initialModel, type Model } from "./model.ts";
import { paint, plainText, width } from "./text.ts";
import { update } from "./update.ts";
import { view } from "./view.ts";

// Times of the day in logs are local.
beforeAll(() => {
  process.env["TZ"] = "UTC";
});

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
] as const;

function sampleLog(): LogBuffer {
  const log = new LogBuffer(100);
  for (let at = 0; at < 100; at++) {
    const text = at % 7 === 0 ? `GET /日本語/${at} ${"long ".repeat(30)}` : `request ${at} \x1b[32mok\x1b[0m`;
    log.push({
      name: at % 2 === 0 ? "ship-0" : "ship-1",
      stream: at % 5 === 0 ? "stderr" : "stdout",
      at: noon + at * 1000,
      pid: 1,
      text,
      dropped: at === 98 ? 12 : 0,
    });
  }
  return log;
}

/** The model when some time has passed and the units have more memory. */
function grown(model: Model): Model {
  let now = model;
  for (let seq = 2; seq < 20; seq++) {
    const units = model.units.map((unit, at) =>
      unit.rssBytes
        ? {
            ...unit,
            rssBytes: unit.rssBytes + ((seq * (at + 3)) % 17) * 1e6,
            ...(unit.requests !== undefined && { requests: unit.requests + seq * seq * (at + 1) }),
          }
        : unit,
    );
    now = update(now, { type: "snapshot", snapshot: fleetOf(0, { seq, units }), at: seq * 2000 }, sampleLog()).model;
  }
  return now;
}

function explained(model: Model): Model {
  const known = explanationOf(unitNumber(8));
  return update(after(model, "/", "8", "enter", "i"), { type: "explained", unit: "ship-8", known }, sampleLog()).model;
}

function after(model: Model, ...names: string[]): Model {
  const log = sampleLog();
  return names.reduce((now, name) => update(now, { type: "key", key: { name, text: name.length === 1 ? name : "" } }, log).model, model);
}

function screen(model: Model): string {
  return `${view(model, sampleLog(), noon)
    .map((line) => plainText(line).trimEnd())
    .join("\n")}\n`;
}

describe.each(sizes)("at $columns x $rows", (size) => {
  test.each([1, 12, 300])("draws the overview of %i units", async (count) => {
    const model = after(grown(initialModel(fleetOf(count), size)), "end");
    await expect(screen(model)).toMatchFileSnapshot(`../test/golden/overview-${count}-${size.columns}x${size.rows}.txt`);
  });

  test.each([1, 12, 300])("draws the logs of %i units", async (count) => {
    const model = after(initialModel(fleetOf(count), size), "end", "2");
    await expect(screen(model)).toMatchFileSnapshot(`../test/golden/logs-${count}-${size.columns}x${size.rows}.txt`);
  });

  test("draws modules, help, the logs of all and the history of a unit", async () => {
    const model = initialModel(fleetOf(12), size);
    const screens = [after(model, "3", "j"), after(model, "?"), after(model, "2", "a", "pageup"), explained(model)].map(screen);
    await expect(screens.join("\n")).toMatchFileSnapshot(`../test/golden/others-${size.columns}x${size.rows}.txt`);
  });
});

describe("the overview", () => {
  test("cuts long names in the middle, and counts wide ones as two columns", () => {
    const names = ["a-name-that-is-much-longer-than-there-is-room-for", "日本語のとても長い船の名前です", "app"];
    const units = names.map((name) => ({ ...unitNumber(0), name }));
    const lines = screen(initialModel(fleetOf(0, { units }), { columns: 80, rows: 24 })).split("\n");
    const before = lines.slice(3, 6).map((line) => line.slice(0, line.indexOf("web")));
    expect(before.map((text) => text.trimEnd())).toEqual(["▸ a-name-th…room-for", "  日本語の…名前です", "  app"]);
    expect(new Set(before.map(width)).size).toBe(1);
  });

  test("nothing that a unit is called or says reaches the terminal as a command", () => {
    const evil = "\x1b]0;owned\x07\x1b[2J\u009b1m\u202e";
    const unit = { ...unitNumber(11), name: evil, group: evil, state: evil, reason: evil, routes: [evil], waitsFor: [evil] };
    const fleet = fleetOf(0, {
      units: [unit],
      status: evil,
      version: evil,
      manifest: evil,
      listening: [{ bind: evil, address: evil }],
      modules: [{ name: evil, phase: evil }],
    });
    const model = initialModel(fleet, { columns: 200, rows: 60 });
    const log = new LogBuffer(10);
    log.push({ name: evil, stream: "stdout", at: noon, pid: 1, text: `text ${evil}`, dropped: 0 });
    const noticed = update(model, { type: "acted", unit: evil, action: "stop", failure: evil }, log).model;
    for (const one of [
      model,
      after(model, "2"),
      after(model, "2", "a"),
      after(model, "3"),
      after(model, "r"),
      after(model, "/", evil),
      noticed,
    ]) {
      for (const line of view(one, log, noon))
        expect(paint(line, { color: true }).replaceAll(/\x1b\[[\d;]*m/g, "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test("always says how to get help and how to leave", () => {
    for (let columns = 20; columns < 200; columns++) {
      for (const tab of ["1", "2", "3"]) {
        const lines = screen(after(initialModel(fleetOf(3), { columns, rows: 24 }), tab)).split("\n");
        expect(lines[23]).toMatch(/\? help {2}q quit$/);
      }
    }
  });

  test("says that there is nothing to show", () => {
    const model = initialModel(fleetOf(0, { modules: [] }), { columns: 80, rows: 24 });
    expect([screen(model), screen(after(model, "3")), screen(after(model, "2"))]).toEqual([
      expect.stringContaining("The manifest has no ships."),
      expect.stringContaining("The manifest has no modules."),
      expect.stringContaining("no unit"),
    ]);
  });

  test("only says so on a screen that is too small for anything", () => {
    expect(screen(initialModel(fleetOf(3), { columns: 12, rows: 3 }))).toBe("too small\n\n\n");
  });
});
