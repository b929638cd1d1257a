import type { FleetSnapshot, UnitSnapshot } from "@mothership/control";
import { width } from "@mothership/tui/text";
import { describe, expect, test } from "vitest";
import { drawStatus } from "./draw-status.ts";

const noon = Date.UTC(2026, 0, 1, 12);

function unit(name: string, changes: Partial<UnitSnapshot> = {}): UnitSnapshot {
  const state = { state: "ready", healthy: true, crashLoop: false, reason: "", restarts: 0, pid: 4000, rssBytes: 48e6, virtualBytes: 9e8 };
  const rest = { kind: "ship", group: "web", since: noon - 3 * 3600e3, critical: true, routes: ["http:/.*"], waitsFor: [] } as const;
  return { name, ...state, ...rest, ...changes };
}

function fleet(units: readonly UnitSnapshot[]): FleetSnapshot {
  return {
    status: "running",
    since: noon - 5 * 3600e3,
    seq: 1,
    pid: 77,
    version: "1.0.0",
    manifest: "/srv/ship-manifest.toml",
    listening: [
      { bind: "http", address: "http://0.0.0.0:8080/" },
      { bind: "internal", address: "unix:///run/app/internal.sock" },
    ],
    units,
    modules: [],
  };
}

const mixed = [
  unit("app", { requests: 1_234_567 }),
  unit("a-name-that-is-much-longer-than-there-is-room-for-it-1"),
  unit("日本語のとても長い船の名前です", { group: "workers", routes: [] }),
  unit("mailer", {
    state: "backoff",
    healthy: false,
    crashLoop: true,
    restarts: 12,
    reason: "exited with code 1 too often, the last time within a second",
  }),
  unit("late", { state: "waiting", healthy: false, waitsFor: ["app to be ready"], routes: [] }),
  unit("cable", { kind: "bay", group: "websocket", clients: 1, requests: 0, routes: ["ws:/cable"] }),
];

describe("status", () => {
  test.each([60, 80, 120, 200])("fits %i columns", async (columns) => {
    const text = drawStatus(fleet(mixed), noon, { columns });
    expect(text.split("\n").filter((line) => width(line) > columns)).toEqual([]);
    await expect(text).toMatchFileSnapshot(`../../test/golden/status-${columns}.txt`);
  });

  test("is not cut for who reads on", () => {
    const text = drawStatus(fleet(mixed), noon);
    expect(text).toContain("a-name-that-is-much-longer-than-there-is-room-for-it-1");
    expect(text).toContain("too often, the last time within a second");
  });

  test("of 300 ships in a window shows those that are not well first, and says how many are left", () => {
    const units = Array.from({ length: 300 }, (_, at) => unit(`ship-${at}`, at % 100 === 99 ? { state: "failed", healthy: false } : {}));
    const lines = drawStatus(fleet(units), noon, { columns: 80, rows: 24 }).trimEnd().split("\n");
    expect(lines).toHaveLength(24);
    expect(lines.slice(3, 6).map((line) => line.split(" ")[0])).toEqual(["ship-99", "ship-199", "ship-299"]);
    expect(lines.at(-1)).toMatch(/^and 280 more;/);
    expect(drawStatus(fleet(units), noon, { columns: 80 }).trimEnd().split("\n")).toHaveLength(305);
  });

  test("has colours where they are wanted", () => {
    expect(drawStatus(fleet(mixed), noon, { color: true })).toContain("\x1b[32mready");
    expect(drawStatus(fleet(mixed), noon)).not.toContain("\x1b");
  });
});
