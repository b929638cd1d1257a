import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explanationOf, fleetOf, noon, unitNumber } from "../test/fleet.ts";
import { logOf, pressed, screen, size } from "../test/pressed.ts";
import { bindings } from "./keys.ts";
import { LogBuffer } from "./log-buffer.ts";
import { type Input, initialModel, shownUnits } from "./model.ts";
import { lineWidth } from "./text.ts";
import { update } from "./update.ts";
import { view } from "./view.ts";

describe("moving", () => {
  test.each([
    ["jj", "ship-2"],
    ["<down><down><up>", "ship-1"],
    ["k", "ship-0"],
    ["<end>", "bay-11"],
    ["<end>j", "bay-11"],
    ["G<home>", "ship-0"],
    ["<pgdn>", "bay-11"],
    ["jjj<pgup>", "ship-0"],
  ])("%s chooses %s", (text, name) => {
    expect(pressed(text).model.selected).toBe(name);
  });

  test("pages by what is shown, and the chosen row stays visible with 300 units", () => {
    const model = initialModel(fleetOf(300), size);
    let now = model;
    for (let press = 0; press < 320; press++) {
      now = pressed("j", { model: now }).model;
      expect(screen(now)).toContain(`▸ ${now.selected} `);
    }
    expect(now.selected).toBe("bay-299");
    const paged = pressed("<pgup>", { model: now }).model;
    expect([paged.selected, screen(paged).includes(`▸ ${paged.selected} `)]).toEqual(["ship-283", true]);
  });

  test.each([
    ["<tab>", "logs"],
    ["<tab><tab>", "modules"],
    ["<tab><tab><tab>", "overview"],
    ["<S-tab>", "modules"],
    ["3", "modules"],
    ["2", "logs"],
    ["2<tab>1", "overview"],
    ["<enter>", "logs"],
  ])("%s shows the tab %s", (text, tab) => {
    expect(pressed(text).model.tab).toBe(tab);
  });

  test("goes through modules in their tab and leaves the chosen unit alone", () => {
    const { model } = pressed("3jjj");
    expect([model.moduleIndex, model.selected]).toEqual([1, "ship-0"]);
    expect(screen(model)).toContain("▸ headers");
  });
});

describe("filtering", () => {
  test("shows what matches while it is typed, by name, group or state", () => {
    expect(shownUnits(pressed("/bay").model).map(({ name }) => name)).toEqual(["bay-5", "bay-11"]);
    expect(shownUnits(pressed("/FAILED").model).map(({ name }) => name)).toEqual(["bay-11"]);
    expect(shownUnits(pressed("/workers").model)).toHaveLength(4);
  });

  test("stays in force after Enter, is edited by the next /, and Esc ends it", () => {
    const filtered = pressed("/bay<enter>").model;
    expect([filtered.filter, filtered.entry, filtered.selected]).toEqual(["bay", undefined, "bay-5"]);
    expect(pressed("/<back><back><enter>", { model: filtered }).model.filter).toBe("b");
    expect(pressed("<esc>", { model: filtered }).model.filter).toBe("");
  });

  test("Esc while typing leaves the filter as it was, Ctrl-U empties it", () => {
    const filtered = pressed("/bay<enter>").model;
    expect(pressed("/xyz<esc>", { model: filtered }).model.filter).toBe("bay");
    expect(pressed("/<C-u>s<enter>", { model: filtered }).model.filter).toBe("s");
  });

  test("letters are letters while typing, and not commands", () => {
    const { model, effects } = pressed("/qrs");
    expect([model.entry?.text, model.asking, effects]).toEqual(["qrs", undefined, []]);
  });

  test("says so when nothing matches, and then there is nothing to restart", () => {
    const { model } = pressed("/nothing<enter>r");
    expect(model.asking).toBeUndefined();
    expect(screen(model)).toContain("No unit matches the filter");
    expect(screen(model)).toContain("choose a unit first, to restart it");
  });
});

describe("steering", () => {
  test.each([
    ["r", "restart"],
    ["s", "stop"],
    ["S", "start"],
  ])("%s asks before it will %s", (key, action) => {
    const asked = pressed(`j${key}`);
    expect([asked.model.asking, asked.effects]).toEqual([{ action, unit: "ship-1" }, []]);
    expect(screen(asked.model)).toMatch(/(Restart|Stop|Start) "ship-1"\? y: yes/);
    expect(pressed("y", { model: asked.model }).effects).toEqual([{ type: "act", action, unit: "ship-1" }]);
  });

  test.each(["n", "<enter>", "<esc>", "q", "r", " "])("%j is no answer that does anything", (key) => {
    const { model, effects } = pressed(`r${key}`);
    expect([model.asking, effects]).toEqual([undefined, []]);
  });

  test("a pasted text confirms nothing", () => {
    const step = update(pressed("s").model, { type: "key", key: { name: "y", text: "y", pasted: true } }, logOf());
    expect([step.model.asking, step.effects]).toEqual([undefined, []]);
  });

  test("does what was asked to whom it was asked about, though the choice has moved on", () => {
    const asked = pressed("jr").model;
    const gone = update(asked, { type: "snapshot", snapshot: fleetOf(12, { units: [unitNumber(7)] }), at: 0 }, logOf()).model;
    expect(pressed("y", { model: gone }).effects).toEqual([{ type: "act", action: "restart", unit: "ship-1" }]);
  });

  test("warns of critical units", () => {
    expect(screen(pressed("s").model)).toContain('Stop "ship-0" (critical)?');
  });

  test("one thing at a time for one unit, until it is done or has failed", () => {
    const running = pressed("ryr").model;
    expect([running.asking, running.notice?.text]).toEqual([undefined, "ship-0: restart is under way"]);
    const failed = update(running, { type: "acted", unit: "ship-0", action: "restart", failure: "no such luck" }, logOf());
    expect(failed.effects).toEqual([{ type: "refresh" }]);
    expect(screen(failed.model)).toContain("ship-0: restart failed: no such luck");
    expect(pressed("r", { model: failed.model }).model.asking).toBeDefined();
  });

  test("that the fleet has gone is seen though something else was just said, or is said after", () => {
    const acted = { type: "acted", unit: "ship-0", action: "stop", failure: undefined } as const;
    const lost = { type: "lost", reason: "it has ended" } as const;
    for (const order of [
      [acted, lost],
      [lost, acted],
    ] as const) {
      const model = order.reduce((now, input) => update(now, input, logOf()).model, pressed("sy").model);
      expect(screen(model)).toContain("The fleet is gone: it has ended.");
    }
  });

  test("nothing is asked of a fleet that has gone", () => {
    const lost = update(pressed("r").model, { type: "lost", reason: "it has ended" }, logOf()).model;
    expect(lost.asking).toBeUndefined();
    expect(screen(lost)).toContain("fleet gone");
    expect(screen(lost)).toContain("The fleet is gone: it has ended. Press q to leave.");
    expect(pressed("ry", { model: lost }).effects).toEqual([]);
    expect(pressed("q", { model: lost }).effects).toEqual([{ type: "quit" }]);
  });
});

describe("the history of a unit", () => {
  const asked = pressed("Gi");
  const known = explanationOf(unitNumber(11));
  const shown = update(asked.model, { type: "explained", unit: "bay-11", known }, logOf()).model;

  test("is asked for with i and shown when it comes", () => {
    expect(asked.effects).toEqual([{ type: "explain", unit: "bay-11" }]);
    expect(screen(asked.model)).toContain("asking the fleet");
    for (const text of [
      "exited with code 1 too often",
      "connection refused",
      "signal SIGKILL, pid 903",
      "code 1, pid 902, restart was asked for",
      "panic: no database",
    ]) {
      expect(screen(pressed("", { model: { ...shown, size: { columns: 80, rows: 60 } } }).model)).toContain(text);
    }
  });

  test("scrolls to its last line and no further, and any other key closes it", () => {
    const end = pressed("<end>jj<pgdn>", { model: shown }).model;
    expect(screen(end).split("\n").at(-2)).toMatch(/:45 ok/);
    expect(pressed("<home>", { model: end }).model.detail?.top).toBe(0);
    const closed = pressed("r", { model: shown });
    expect([closed.model.detail, closed.model.asking]).toEqual([undefined, undefined]);
  });

  test("an answer about another unit, or one that came too late, is not shown", () => {
    expect(update(asked.model, { type: "explained", unit: "ship-0", known }, logOf()).model.detail?.known).toBeUndefined();
    const closed = pressed("<esc>", { model: asked.model }).model;
    expect(update(closed, { type: "explained", unit: "bay-11", known }, logOf()).model.detail).toBeUndefined();
  });
});

describe("leaving and help", () => {
  test.each(["q", "<C-c>", "?q", "r<C-c>", "/x<C-c>"])("%s leaves", (text) => {
    expect(pressed(text).effects).toEqual([{ type: "quit" }]);
  });

  test("help names every key and fits 80x24; any key closes it and does nothing else", () => {
    const { model } = pressed("?");
    for (const { help } of bindings) expect(screen(model)).toContain(help);
    const closed = pressed("r", { model }).model;
    expect([closed.help, closed.asking]).toEqual([false, undefined]);
  });
});

test("whatever is pressed, heard and resized, nothing throws, the choice is valid and the screen is exactly filled", () => {
  const key = fc
    .constantFrom(...bindings.flatMap(({ keys }) => Object.keys(keys)), "y", "x", "backspace", "日", "\ud83d")
    .map((name): Input => ({ type: "key", key: { name, text: [...name].length === 1 ? name : "" } }));
  const input: fc.Arbitrary<Input> = fc.oneof(
    { weight: 12, arbitrary: key },
    fc
      .record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 70 }) })
      .map((size): Input => ({ type: "resized", size })),
    fc.tuple(fc.nat(40), fc.nat(30)).map(
      ([count, seq]): Input => ({
        type: "snapshot",
        snapshot: fleetOf(count, { seq, modules: fleetOf(0).modules.slice(0, count % 3) }),
        at: 0,
      }),
    ),
    fc
      .tuple(fc.nat(40), fc.nat(30))
      .map(([number, seq]): Input => ({ type: "event", event: { seq, at: noon, type: "unit", unit: unitNumber(number) } })),
    fc.constantFrom<Input>(
      { type: "event", event: { seq: 9, at: noon, type: "dropped", count: 1 } },
      { type: "acted", unit: "ship-0", action: "stop", failure: undefined },
      { type: "explained", unit: "ship-0", known: explanationOf(unitNumber(0)) },
      { type: "lost", reason: "it has ended" },
    ),
  );
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), fc.nat(40), fc.nat(100), (inputs, count, lines) => {
      let model = initialModel(fleetOf(count), size);
      const log = new LogBuffer(40);
      for (let at = 0; at < lines; at++)
        log.push({ name: "a", stream: "stderr", at: noon, pid: 1, text: `x${at}日\x1b[31m`, dropped: at % 9 });
      for (const one of inputs) {
        ({ model } = update(model, one, log));
        const names = shownUnits(model).map(({ name }) => name);
        expect(names.length === 0 ? model.selected === "" : names.includes(model.selected)).toBe(true);
      }
      const drawn = view(model, log, noon);
      expect(drawn).toHaveLength(model.size.rows);
      for (const line of drawn) expect(lineWidth(line)).toBeLessThanOrEqual(model.size.columns);
    }),
    { numRuns: 200 },
  );
});
