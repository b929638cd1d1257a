import { describe, expect, test } from "vitest";
import { parseManifest } from "./parse.ts";
import { selectByTags } from "./select.ts";

const manifest = parseManifest(`
[[mothership.prelaunch]]
name = "migrate"
command = "true"
[[fleet.web]]
name = "app"
command = "true"
tags = ["ruby", "front"]
depends_on = ["worker", "cable"]
[[fleet.web]]
name = "admin"
command = "true"
[[fleet.workers]]
name = "worker"
command = "true"
tags = ["ruby"]
[[bays.realtime]]
name = "cable"
command = "true"
[[modules]]
name = "auth"
wasm = "a.wasm"
tags = ["security"]
`);

const names = (filter: Parameters<typeof selectByTags>[1]): readonly string[] => {
  const { ships, bays } = selectByTags(manifest, filter).manifest;
  return [...ships, ...bays].map(({ name }) => name);
};

describe("selectByTags", () => {
  test("keeps everything without a filter", () => {
    expect(selectByTags(manifest, {})).toEqual({ manifest, dropped: [] });
    expect(selectByTags(manifest, { only: [], except: [] })).toEqual({ manifest, dropped: [] });
  });

  test.each([
    [{ only: ["ruby"] }, ["app", "worker"]],
    [{ only: ["web"] }, ["app", "admin"]],
    [{ only: ["admin"] }, ["admin"]],
    [{ only: ["realtime"] }, ["cable"]],
    [{ only: ["front", "workers"] }, ["app", "worker"]],
    [{ except: ["workers"] }, ["app", "admin", "cable"]],
    [{ except: ["ruby", "cable"] }, ["admin"]],
    [{ only: ["web"], except: ["admin"] }, ["app"]],
  ])("matches tags, groups, bay types and names: %j", (filter, expected) => {
    expect(names(filter)).toEqual(expected);
  });

  test("drops what a kept ship would wait for in vain, and says so", () => {
    const { manifest: rest, dropped } = selectByTags(manifest, { only: ["app", "worker"] });
    expect(rest.ships.map(({ name, dependsOn }) => [name, dependsOn.map(({ on }) => on)])).toEqual([
      ["app", ["worker"]],
      ["worker", []],
    ]);
    expect(dropped).toEqual([
      {
        name: "app",
        dependency: "cable",
        message: 'ship "app" depends on "cable", which the filter leaves out: it starts without waiting',
      },
    ]);
  });

  test("leaves modules, jobs and settings as they are, so that no filter opens what a module guards", () => {
    const rest = selectByTags(manifest, { only: ["admin"] }).manifest;
    expect(rest.modules).toBe(manifest.modules);
    expect(rest.mothership).toBe(manifest.mothership);
  });

  test("refuses a value that matches nothing, with the nearest that would", () => {
    expect(() => selectByTags(manifest, { only: ["wbe"] })).toThrow(
      expect.objectContaining({
        code: "MS_SELECTION_EMPTY",
        unmatched: ["wbe"],
        message: '--only: "wbe" matches no tag, group or name; did you mean "web"?',
      }),
    );
    expect(() => selectByTags(manifest, { except: ["web", "zzzzzzzz", "yyyyyyyy"] })).toThrow(
      /^--except: "zzzzzzzz", "yyyyyyyy" matches no tag, group or name; there are "ruby", "front", "web"/,
    );
    expect(() => selectByTags(manifest, { only: ["security"] })).toThrow(/matches no tag/);
  });

  test("refuses a filter that leaves nothing", () => {
    expect(() => selectByTags(manifest, { only: ["web"], except: ["web"] })).toThrow("the filter leaves no ship and no bay");
  });
});
