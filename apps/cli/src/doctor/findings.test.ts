import { describe, expect, test } from "vitest";
import { drawFindings } from "../commands/doctor.ts";
import { findingsOf, type MachineFacts } from "./findings.ts";

const well: MachineFacts = {
  node: "26.10.0",
  platform: "linux",
  init: "systemd",
  container: false,
  programs: new Set(),
  zombies: new Map(),
  openFiles: 1_048_576,
  processes: Number.POSITIVE_INFINITY,
  cgroup: true,
  deathSignal: true,
  terminals: true,
  sockets: { folder: "/run/user/1000/mothership", problem: undefined },
  manifest: { file: "ship-manifest.toml", members: 12, connections: 17_000, wantsTerminal: false },
};

const gradesOf = (facts: Partial<MachineFacts>): Record<string, string> =>
  Object.fromEntries(findingsOf({ ...well, ...facts }).flatMap(({ about, grade }) => (grade === "ok" ? [] : [[about, grade]])));

describe("the doctor", () => {
  test("finds nothing where all is well", () => {
    expect(gradesOf({})).toEqual({});
    expect(drawFindings(findingsOf(well), { columns: 80, color: false })).toMatch(/\nall is well\n$/);
  });

  test.each<[string, Partial<MachineFacts>, Record<string, string>]>([
    ["an old Node", { node: "20.20.2" }, { Node: "fail" }],
    ["no manifest", { manifest: { file: "ship-manifest.toml", trouble: "missing" } }, { manifest: "warn" }],
    ["a manifest that is not valid", { manifest: { file: "ship-manifest.toml", trouble: "invalid" } }, { manifest: "fail" }],
    ["a folder of somebody else", { sockets: { folder: "/x", problem: "it is not this user's alone" } }, { sockets: "fail" }],
    ["too few files for the manifest", { openFiles: 4096 }, { "open files": "warn" }],
    [
      "few files and no manifest",
      { openFiles: 1024, manifest: { file: "x", trouble: "missing" } },
      { manifest: "warn", "open files": "warn" },
    ],
    ["few processes", { processes: 100 }, { processes: "warn" }],
    ["no init in a container", { init: "node", container: true }, { "process 1": "warn" }],
    ["no init in a container that has tini", { init: "node", container: true, programs: new Set(["tini"]) }, {}],
    ["zombies", { zombies: new Map([["node", 3]]) }, { zombies: "warn" }],
    ["no setpriv", { deathSignal: false }, { setpriv: "warn" }],
    [
      "a terminal that is wanted and missing",
      { terminals: false, manifest: { ...(well.manifest as object), wantsTerminal: true } as never },
      { "node-pty": "fail" },
    ],
    ["a terminal that nobody wants", { terminals: false }, {}],
    [
      "another system",
      { platform: "darwin", zombies: undefined, openFiles: undefined, processes: undefined, init: undefined },
      { system: "warn" },
    ],
  ])("finds %s, and says what to do", (_, facts, grades) => {
    expect(gradesOf(facts)).toEqual(grades);
    for (const { grade, advice } of findingsOf({ ...well, ...facts })) expect(grade === "ok" || advice.length > 10).toBe(true);
  });

  test("fits the terminal, each finding with what to do below it", () => {
    const text = drawFindings(findingsOf({ ...well, openFiles: 1024, deathSignal: false }), { columns: 60, color: false });
    expect(text.split("\n").filter((line) => line.length > 60)).toEqual([]);
    expect(text).toMatch(/^warn {2}open files {6}1024 allowed, and the limits of the$/m);
    expect(text).toMatch(/^ {22}→ raise it: "ulimit -n/m);
  });
});
