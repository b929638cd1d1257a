import { describe, expect, test } from "vitest";
import { fleetOf, noon, unitNumber } from "../test/fleet.ts";
import { logOf, pressed, screen, size } from "../test/pressed.ts";
import { LogBuffer } from "./log-buffer.ts";
import { initialModel, logTarget, type Model } from "./model.ts";
import { update } from "./update.ts";

describe("logs", () => {
  const hundred = logOf(...Array.from({ length: 100 }, (_, at) => `line ${at}${at % 30 === 7 ? " needle" : ""}`));
  const opened = pressed("2", { log: hundred }).model;
  const after = (text: string, model = opened): Model => pressed(text, { model, log: hundred }).model;

  test("follow the end until scrolled, and again from the end on", () => {
    expect(screen(opened, hundred)).toContain("line 99");
    const up = after("<pgup>");
    expect([up.follow, up.logTop]).toEqual([false, 60]);
    expect(screen(up, hundred)).toContain("standing still");
    expect([after("<pgdn>", up).follow, after("<end>", up).follow, after("<home>").logTop]).toEqual([true, true, 0]);
  });

  test("stand still where they are with f, while lines come", () => {
    const log = logOf(...Array.from({ length: 100 }, (_, at) => `line ${at}`));
    const model = pressed("2f", { log }).model;
    const before = screen(model, log).match(/line \d+/g);
    log.push({ name: "ship-0", stream: "stdout", at: noon, pid: 1, text: "line new", dropped: 0 });
    expect(screen(model, log).match(/line \d+/g)).toEqual(before);
    expect(screen(pressed("f", { model, log }).model, log)).toContain("line new");
  });

  test("what scrolled out of memory is not looked for: the oldest line there is comes first", () => {
    const log = new LogBuffer(50);
    const model = { ...opened, follow: false, logTop: 3 };
    for (let at = 0; at < 100; at++) log.push({ name: "ship-0", stream: "stdout", at: noon, pid: 1, text: `line ${at}`, dropped: 0 });
    expect(screen(model, log).match(/line \d+/)?.[0]).toBe("line 50");
  });

  test("a search goes upwards from the end, n further up, N down, and says when there is no more", () => {
    const found = after("/NEEDLE<enter>");
    expect([found.match, found.follow]).toEqual([97, false]);
    expect(screen(found, hundred)).toContain("▸ line 97 needle");
    const older = after("n", found);
    expect([older.match, screen(older, hundred).includes("▸ line 67 needle")]).toEqual([67, true]);
    expect(after("N", older).match).toBe(97);
    const last = after("nnnn", found);
    expect([last.match, last.notice?.text]).toEqual([7, 'no further line above has "NEEDLE"']);
    expect(after("<esc>", last).search).toBe("");
  });

  test("a search sees through colours", () => {
    const log = logOf("x", "nee\x1b[31mdle\x1b[0m");
    expect(pressed("2/needle<enter>", { log }).model.match).toBe(1);
  });

  test("arrows choose the unit whose lines are read, and a reads all", () => {
    expect(logTarget(after("j"))).toEqual(["ship-1"]);
    expect(logTarget(after("a"))).toHaveLength(12);
    expect(logTarget(pressed("").model)).toEqual([]);
    const scrolled = after("<home>");
    expect([scrolled.follow, after("j", scrolled).follow]).toEqual([false, true]);
    expect(after("ak").follow).toBe(false);
  });

  test("long lines scroll sideways", () => {
    const log = logOf(`${"x".repeat(100)}END`);
    const model = pressed("2<right><right><right><right>", { log }).model;
    expect(model.logShift).toBe(64);
    expect(screen(model, log)).toContain("xEND");
    expect(pressed("<left><left><left><left><left>", { model, log }).model.logShift).toBe(0);
  });
});

describe("what the fleet says", () => {
  const model = initialModel(fleetOf(3), size);
  const at = noon + 1000;

  test("changes the unit it speaks of, adds what is new, and is not told twice", () => {
    const down = { ...unitNumber(1), state: "failed" };
    const changed = update(model, { type: "event", event: { seq: 2, at, type: "unit", unit: down } }, logOf()).model;
    expect(changed.units.map(({ state }) => state)).toEqual(["ready", "failed", "up"]);
    const added = update(changed, { type: "event", event: { seq: 3, at, type: "unit", unit: unitNumber(9) } }, logOf()).model;
    expect(added.units.map(({ name }) => name)).toEqual(["ship-0", "ship-1", "ship-2", "ship-9"]);
    expect(update(added, { type: "event", event: { seq: 3, at, type: "unit", unit: down } }, logOf()).model.units).toEqual(added.units);
  });

  test("a unit that runs no more has no memory and no pid left over from before", () => {
    const { pid: _, rssBytes: __, virtualBytes: ___, ...down } = { ...unitNumber(1), state: "stopped" };
    const changed = update(model, { type: "event", event: { seq: 2, at, type: "unit", unit: down } }, logOf()).model;
    expect([changed.units[1]?.pid, changed.units[1]?.rssBytes]).toEqual([undefined, undefined]);
  });

  test("changes its status", () => {
    const changed = update(model, { type: "event", event: { seq: 2, at, type: "status", status: "mayday" } }, logOf()).model;
    expect([changed.fleet.status, changed.fleet.since]).toEqual(["mayday", at]);
  });

  test("asks for the whole when events were lost", () => {
    expect(update(model, { type: "event", event: { seq: 9, at, type: "dropped", count: 4 } }, logOf()).effects).toEqual([
      { type: "refresh" },
    ]);
  });

  test("an answer that is older than the last event changes nothing", () => {
    const newer = update(model, { type: "event", event: { seq: 5, at, type: "status", status: "mayday" } }, logOf()).model;
    expect(update(newer, { type: "snapshot", snapshot: fleetOf(2, { seq: 4 }), at: 0 }, logOf()).model).toEqual(newer);
  });

  test("memory is remembered for a while, and forgotten with its unit", () => {
    let now = model;
    for (let seq = 2; seq < 60; seq++) now = update(now, { type: "snapshot", snapshot: fleetOf(3, { seq }), at: 0 }, logOf()).model;
    expect(now.memory.get("ship-1")).toHaveLength(40);
    now = update(now, { type: "snapshot", snapshot: fleetOf(1, { seq: 60 }), at: 0 }, logOf()).model;
    expect([...now.memory.keys()]).toEqual(["ship-0"]);
  });

  test("when the chosen unit goes, the one in its place is chosen", () => {
    const chosen = pressed("j", { model }).model;
    const { model: left } = update(
      chosen,
      { type: "snapshot", snapshot: fleetOf(3, { units: [unitNumber(0), unitNumber(2)] }), at: 0 },
      logOf(),
    );
    expect(left.selected).toBe("ship-2");
  });
});
