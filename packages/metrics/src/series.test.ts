import { describe, expect, test } from "vitest";
import { maxLabelLength } from "./labels.ts";
import { families } from "./registry.ts";
import { Series } from "./series.ts";

function seriesOf(family: keyof typeof families, limit = 3): { series: Series; dropped: string[]; values: () => Record<string, number> } {
  const dropped: string[] = [];
  const series = new Series(families[family], limit, ({ name }) => dropped.push(name));
  const values = (): Record<string, number> =>
    Object.fromEntries(Array.from(series.samples(), ({ shared, value }) => [Object.values(shared).join("|"), value]));
  return { series, dropped, values };
}

describe("Series", () => {
  test("adds up by labels", () => {
    const { series, values } = seriesOf("upstreamErrors");
    series.add(["app", "upstream-timeout"]);
    series.add(["app", "upstream-timeout"], 2);
    series.add(["app", "upstream-closed"]);
    expect(values()).toEqual({ "app|upstream-timeout": 3, "app|upstream-closed": 1 });
  });

  test("sums up the counters over the limit as other, and reports each", () => {
    const { series, dropped, values } = seriesOf("upstreamErrors");
    for (let i = 0; i < 10; i++) series.add([`u${i}`, "upstream-closed"]);
    series.add(["u0", "upstream-closed"]);
    expect(values()).toEqual({ "u0|upstream-closed": 2, "u1|upstream-closed": 1, "u2|upstream-closed": 1, "other|other": 7 });
    expect(dropped).toHaveLength(7);
  });

  test("sums up counters that somebody else keeps in the same way", () => {
    const { series, values } = seriesOf("moduleCalls", 1);
    for (const round of [1, 2]) {
      series.clear();
      for (let i = 0; i < 3; i++) series.set([`m${i}`], 10 * round);
    }
    expect(values()).toEqual({ m0: 20, other: 40 });
  });

  test("leaves out gauges over the limit, for they have no sum", () => {
    const { series, dropped, values } = seriesOf("bayClients", 1);
    series.set(["a", "websocket"], 5);
    series.set(["b", "websocket"], 7);
    expect(values()).toEqual({ "a|websocket": 5 });
    expect(dropped).toEqual(["mothership_bay_clients"]);
  });

  test("takes no value that is no finite number", () => {
    const { series, dropped, values } = seriesOf("bayClients");
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) series.set(["a", "websocket"], value);
    expect(values()).toEqual({});
    expect(dropped).toHaveLength(2);
  });

  test("has room again for what it was told to forget", () => {
    const { series, dropped, values } = seriesOf("shipProbes", 2);
    series.add(["a", "web", "ready", "pass"]);
    series.add(["b", "web", "ready", "pass"]);
    series.retain(([ship]) => ship === "b");
    series.add(["c", "web", "ready", "fail"]);
    expect(values()).toEqual({ "b|web|ready|pass": 1, "c|web|ready|fail": 1 });
    expect(dropped).toEqual([]);
  });

  test("cuts a label that is too long, and mends one that is no Unicode", () => {
    const { series, values } = seriesOf("moduleCalls");
    series.set([`${"x".repeat(maxLabelLength)}tail`], 1);
    series.set(["\ud800"], 2);
    expect(values()).toEqual({ ["x".repeat(maxLabelLength)]: 1, "\ufffd": 2 });
  });
});
