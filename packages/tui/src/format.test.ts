import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes, counted, span, sparkline } from "./format.ts";
import { windowTop } from "./layout.ts";
import { healthOf, nameColor, unitStyle } from "./tones.ts";

describe("numbers for people", () => {
  test.each([
    [-5, "0s"],
    [0, "0s"],
    [119_000, "119s"],
    [120_000, "2m"],
    [7_199_000, "119m"],
    [7_200_000, "2h"],
    [172_800_000, "2d"],
  ])("a span of %i ms is %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  test("bytes and counts", () => {
    expect([bytes(512_000), bytes(48_000_000), bytes(2.5e9), counted(1, "unit"), counted(2, "unit")]).toEqual([
      "512 KB",
      "48 MB",
      "2.5 GB",
      "1 unit",
      "2 units",
    ]);
  });

  test.each([
    [[], ""],
    [[5], "▁"],
    [[100, 101], "▁▂"],
    [[0, 50, 100], "▁▅█"],
    [[1, 2, 3, 0, 100], "▁█"],
    [[0, 0], "▁▁"],
  ])("samples %j are the bars %s", (samples, bars) => {
    expect(sparkline(samples, samples.length === 5 ? 2 : 10)).toBe(bars);
  });
});

describe("windowTop", () => {
  test("keeps the chosen row in the window, shows no empty rows, and moves no further than it must", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 60 }), fc.nat(299), (top, count, rows, some) => {
        const index = some % count;
        const now = windowTop(top, index, rows, count);
        expect(now).toBeGreaterThanOrEqual(0);
        expect(index).toBeGreaterThanOrEqual(now);
        expect(index).toBeLessThan(now + rows);
        expect(now).toBeLessThanOrEqual(Math.max(0, count - rows));
        if (top <= index && index < top + rows && top + rows <= count) expect(now).toBe(top);
      }),
    );
  });
});

describe("colours", () => {
  test("of a state, red in a crash loop, none when the state is new to us", () => {
    const looks = [
      ["ready", false],
      ["ready", true],
      ["failed", false],
      ["dancing", false],
    ] as const;
    const styles = looks.map(([state, crashLoop]) => unitStyle({ state, crashLoop }));
    expect(styles).toEqual([{ color: "green" }, { color: "red" }, { color: "red" }, {}]);
  });

  test("of a name are always the same, and not the same for all names", () => {
    const colors = Array.from({ length: 50 }, (_, at) => nameColor(`ship-${at}`));
    expect([nameColor("ship-0"), new Set(colors).size]).toEqual([colors[0], 5]);
  });

  test("nothing is wrong with a unit that is only on its way", () => {
    const looks = [
      ["ready", true],
      ["starting", false],
      ["unready", false],
      ["dancing", false],
    ] as const;
    expect(looks.map(([state, healthy]) => healthOf({ state, healthy }))).toEqual(["ok", "none", "bad", "bad"]);
  });
});
