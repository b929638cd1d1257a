import { parseManifest } from "@mothership/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNote } from "../note.ts";
import { writeDraft } from "./draft.ts";
import { importProcfile } from "./import-procfile.ts";
import { procfileSettings, type SettingsFiles } from "./procfile-settings.ts";

function imported(text: string, files: SettingsFiles = {}) {
  const settings = procfileSettings(files);
  const envFile = files.env === undefined ? undefined : { path: ".env", text: files.env };
  const { draft, notes } = importProcfile(text, { file: "Procfile", place: (path) => path, envFile, settings });
  return { text: writeDraft(draft), notes: notes.map(formatNote) };
}

const ships = (text: string, files?: SettingsFiles) =>
  parseManifest(imported(text, files).text).ships.map(({ name, env, bind }) => [
    name,
    env["PORT"],
    bind && "port" in bind ? bind.port : undefined,
  ]);

describe("a Procfile", () => {
  test("becomes a manifest in which web gets the requests and each process its port", () => {
    expect(ships("web: node server.js\nworker: node worker.js\n")).toEqual([
      ["web", "5000", 5000],
      ["worker", "5100", undefined],
    ]);
  });

  test("counts ports from PORT in .env, and as overmind and foreman are told to", () => {
    expect(ships("web: a\nw: b", { env: "PORT=3000\n" })).toEqual([
      ["web", "3000", 3000],
      ["w", "3100", undefined],
    ]);
    const overmind = { file: ".overmind.env", text: "OVERMIND_PORT=4000\nOVERMIND_PORT_STEP=10\nOVERMIND_FORMATION=w=2\n" };
    expect(ships("web: a\nw: b", { overmind })).toEqual([
      ["web", "4000", 4000],
      ["w.1", "4010", undefined],
      ["w.2", "4011", undefined],
    ]);
    const foreman = { file: ".foreman", text: "port: 7000\nconcurrency: web=0,all=1\n" };
    expect(ships("web: a\nw: b", { foreman })).toEqual([["w", "7100", undefined]]);
  });

  test("runs release before all others, with the variables of .env", () => {
    const { text, notes } = imported("release: rake db:migrate\nweb: puma", { env: "A=1" });
    expect(text).toContain('[[mothership.prelaunch]]\nname = "release"\ncommand = "rake"\nargs = ["db:migrate"]\nenv_file = ".env"\n');
    expect(notes).toEqual([expect.stringMatching(/^Procfile:1: "release" became a prelaunch job/)]);
  });

  test("lets processes die and stop as overmind is told to", () => {
    const overmind = { file: ".overmind.env", text: "OVERMIND_CAN_DIE=css\nOVERMIND_STOP_SIGNALS=web=TTIN,css=QUIT\nOVERMIND_TITLE=x\n" };
    const { text, notes } = imported("web: a\ncss: b", { overmind });
    expect(text).toMatch(/name = "css"[^[]*stop_signal = "SIGQUIT"\ncritical = false/);
    expect(notes).toEqual([
      '.overmind.env: the stop signal of "web" is not carried over; mothership stops with another one, see stop_signal',
      ".overmind.env: OVERMIND_TITLE is not carried over; it is about overmind itself, or has no counterpart",
    ]);
  });

  test("says which lines it left out, and why", () => {
    const { notes } = imported("web: a\nweb: b\nnot a process\n# fine\n\n-x: c\n", { env: "A=1 # x\nB=$HOME\nC='$x'\nwhat\n" });
    expect(notes).toEqual([
      'Procfile:1: "web" is there twice, and the one in line 2 counts',
      "Procfile:3: this is no process and is left out; a process is written as name: command",
      ".env:1: what stands behind # in A is a comment here; foreman took it for part of the value; put the value in quotes",
      ".env:2: B holds a $, which stays as it is: nothing is put in for it; write the value itself",
      ".env:4: this is not NAME=value, and mothership takes it for a mistake; take it out",
      'Procfile:6: "-x" is now called "x"',
    ]);
  });

  test("of any kind becomes a valid manifest with every process in it", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,80}$/);
    const command = fc
      .string({ minLength: 1, maxLength: 60, unit: "binary" })
      .filter((text) => !/[\r\n\0]/.test(text) && text.trim() !== "");
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, command), { minLength: 1, maxLength: 20, selector: ([one]) => one }), (lines) => {
        const manifest = parseManifest(imported(lines.map(([one, text]) => `${one}: ${text}`).join("\n")).text);
        const jobs = lines.filter(([one]) => one === "release").length;
        expect([manifest.ships.length, manifest.mothership.prelaunch.length]).toEqual([lines.length - jobs, jobs]);
      }),
    );
  });
});
