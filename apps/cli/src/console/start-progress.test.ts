import type { UnitSnapshot } from "@mothership/control";
import { parseManifest } from "@mothership/manifest";
import { plainText } from "@mothership/tui/text";
import { describe, expect, test } from "vitest";
import { StartProgress, took } from "./start-progress.ts";

const manifest = (text: string) => parseManifest(text, { file: "ship-manifest.toml", env: {} });
const full = manifest(`
[mothership]
uplinks = [{ name = "db", url = "postgres://127.0.0.1:5432/x" }]
[mothership.bind]
ws = "127.0.0.1:8080"
[[mothership.prelaunch]]
name = "migrate"
command = "true"
[[fleet.web]]
name = "app"
command = "true"
${["ship-1", "ship-2", "ship-3", "ship-4", "done", "off", "bad"].map((name) => `[[fleet.more]]\nname = "${name}"\ncommand = "true"\n`).join("")}
[[bays.websocket]]
name = "cable"
command = "true"
routes = ["ws:/ws"]
`);

function unit(name: string, changes: Partial<UnitSnapshot>): UnitSnapshot {
  const plain = { kind: "ship", group: "web", state: "starting", since: 0, reason: "", critical: true, healthy: false } as const;
  return { name, ...plain, restarts: 0, crashLoop: false, routes: [], waitsFor: [], ...changes };
}

describe("the progress of a start", () => {
  test("has a line for each phase that the manifest has work for", () => {
    const progress = new StartProgress(full, 1000);
    expect(progress.moved("preflight", 1010)).toBeUndefined();
    expect(progress.moved("electing", 1200)).toEqual({ name: "preflight", tookMs: 200, what: "commands, addresses and 1 uplink" });
    expect(progress.moved("prelaunch", 1250)).toBeUndefined();
    expect(progress.moved("docking", 2250)).toEqual({ name: "prelaunch", tookMs: 1000, what: "migrate" });
    expect(progress.moved("launching", 2500)).toEqual({ name: "docking", tookMs: 250, what: "1 bay" });
    expect(progress.moved("running", 3000)).toEqual({ name: "launching", tookMs: 500, what: "8 ships" });
    expect(progress.elapsed(3000)).toBe(2000);
  });

  test("says what is waited for, what is in trouble first, and counts what is too much to name", () => {
    const progress = new StartProgress(full, 0);
    const line = (now: number): string => plainText(progress.line(now));
    expect(line(2000)).toBe("preflight  2s  commands, addresses and 1 uplink");
    progress.moved("launching", 5000);
    for (const at of [1, 2, 3, 4]) progress.unit(unit(`ship-${at}`, {}));
    progress.unit(unit("migrate", { kind: "job", state: "completed", healthy: true }));
    progress.unit(unit("done", { healthy: true }));
    progress.unit(unit("off", { state: "disabled" }));
    progress.unit(unit("bad", { state: "backoff", reason: "exited with code 7" }));
    expect(line(8000)).toBe("launching  1 of 6 ready  3s  waits for bad (exited with code 7), ship-1, ship-2 and 2 more");
    progress.moved("draining", 9000);
    progress.unit(unit("slow", { state: "stopping", pid: 7 }));
    expect(line(12_000)).toBe("draining  1 left to stop  3s  slow");
  });

  test.each([
    [0, "0.0s"],
    [9949, "9.9s"],
    [9960, "10s"],
    [150_000, "2m"],
  ])("%i ms is said as %s", (ms, text) => {
    expect(took(ms)).toBe(text);
  });
});
