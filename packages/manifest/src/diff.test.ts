import { describe, expect, test } from "vitest";
import { diffManifests } from "./diff.ts";
import { parseManifest } from "./parse.ts";

const settings = '[mothership.bind]\nhttp = "8080"\n';
const app = '[[fleet.web]]\nname = "app"\ncommand = "ruby"\nbind = "3000"\nroutes = ["http:/.*"]\n';
const worker = '[[fleet.workers]]\nname = "worker"\ncommand = "work"\n';
const cable = '[[bays.ws]]\nname = "cable"\ncommand = "cable"\nroutes = ["http:/cable"]\n';
const auth = '[[modules]]\nname = "auth"\nwasm = "a.wasm"\n';
const before = parseManifest(settings + app + worker + cable + auth);
const diff = (text: string) => diffManifests(before, parseManifest(text));
const nothing = {
  same: true,
  added: [],
  removed: [],
  changed: [],
  needsRestart: [],
  routing: false,
  modules: false,
  shields: false,
  settings: [],
};

describe("diffManifests", () => {
  test("sees no difference in comments, order of keys and lines", () => {
    expect(diff(`# new\n\n${settings}${app}\n\n${worker}${cable}${auth}`)).toEqual(nothing);
    expect(
      diff(settings + app + worker.replace('name = "worker"\ncommand = "work"', 'command = "work"\nname = "worker"') + cable + auth),
    ).toEqual(nothing);
  });

  test("names what is new and what is gone", () => {
    const other = '[[fleet.web]]\nname = "other"\ncommand = "x"\n';
    expect(diff(settings + other + app + cable + auth)).toEqual({ ...nothing, same: false, added: ["other"], removed: ["worker"] });
  });

  test.each([
    ['command = "ruby"', 'command = "node"'],
    ['command = "ruby"', 'command = "ruby"\nargs = ["x"]'],
    ['command = "ruby"', 'command = "ruby"\nenv = { A = "1" }'],
    ['command = "ruby"', 'command = "ruby"\noneshot = true'],
    ['command = "ruby"', 'command = "ruby"\ncwd = "app"'],
    ['command = "ruby"', 'command = "ruby"\nuser = 1000'],
    ['command = "ruby"', 'command = "ruby"\nstdin = "open"'],
    ['command = "ruby"', 'command = "ruby"\ntty = true'],
    ['command = "ruby"', 'command = "ruby"\nstartup = { type = "notify" }'],
  ])("asks for a restart when the process itself would notice: %s to %s", (from, to) => {
    expect(diff(settings + app.replace(from, to) + worker + cable + auth)).toEqual({
      ...nothing,
      same: false,
      changed: ["app"],
      needsRestart: ["app"],
    });
  });

  test.each([
    ["critical = false"],
    ['tags = ["x"]'],
    ['healthcheck = "/up"'],
    ['depends_on = ["worker"]'],
    ['stop_signal = "SIGINT"'],
    ['restart = "never"'],
    ["fatal_exit_codes = [1]"],
    ['memory_limit = "1GiB"'],
    ['log = { file = "a.log" }'],
    ["liveness = true"],
    ['startup = { path = "/up" }'],
    ["disabled = true"],
  ])("asks for no restart where only mothership looks: %s", (line) => {
    expect(diff(settings + app + `${line}\n` + worker + cable + auth)).toEqual({ ...nothing, same: false, changed: ["app"] });
  });

  test("tells a new address and new routes as routing", () => {
    expect(diff(settings + app.replace("3000", "3001") + worker + cable + auth)).toMatchObject({ routing: true, needsRestart: ["app"] });
    expect(diff(settings + app.replace("/.*", "/a") + worker + cable + auth)).toMatchObject({
      routing: true,
      changed: ["app"],
      needsRestart: [],
    });
  });

  test("tells a new order of routes as routing alone", () => {
    expect(diff(settings + cable + app + worker + auth)).toEqual({ ...nothing, same: false, routing: true });
    expect(diff(settings + worker + app + cable + auth)).toEqual(nothing);
  });

  test("asks for a restart of a bay with a new configuration or type", () => {
    expect(diff(settings + app + worker + cable + 'config = { a = "1" }\n' + auth)).toMatchObject({
      changed: ["cable"],
      needsRestart: ["cable"],
    });
    expect(diff(settings + app + worker + cable.replace("bays.ws", "bays.x") + auth)).toMatchObject({ needsRestart: ["cable"] });
  });

  test("asks for a restart when a ship gets its first check, and tells new agreements of a bay as routing", () => {
    expect(diff(`${settings}${app}${worker}startup = { type = "exec", command = "x" }\n${cable}${auth}`)).toMatchObject({
      needsRestart: ["worker"],
    });
    expect(diff(`${settings}${app}${worker}${cable}max_clients = 1\n${auth}`)).toMatchObject({ needsRestart: ["cable"], routing: true });
  });

  test("asks for no restart of a ship that runs once and is not looked at", () => {
    const [earlier, later] = ["", 'healthcheck = "/up"\n'].map((line) =>
      parseManifest(`${settings}[[fleet.x]]\nname = "job"\ncommand = "j"\nbind = "1"\noneshot = true\n${line}`),
    );
    expect(diffManifests(earlier!, later!)).toMatchObject({ changed: ["job"], needsRestart: [] });
  });

  test("asks for a restart of a ship that became a bay", () => {
    expect(diff(settings + app + worker.replace("fleet.workers", "bays.ws") + cable + auth)).toMatchObject({
      changed: ["worker"],
      needsRestart: ["worker"],
    });
  });

  test("a ship in another group keeps its process", () => {
    expect(diff(settings + app + worker.replace("fleet.workers", "fleet.jobs") + cable + auth)).toMatchObject({
      changed: ["worker"],
      needsRestart: [],
    });
  });

  test("asks for a restart of all when the folder they run in is another", () => {
    const text = settings + app + worker;
    const moved = diffManifests(parseManifest(text, { folder: "/releases/1" }), parseManifest(text, { folder: "/releases/2" }));
    expect(moved).toEqual({ ...nothing, same: false, changed: ["app", "worker"], needsRestart: ["app", "worker"] });
  });

  test("tells which settings and that modules differ", () => {
    const changed = diff(
      `[mothership]\nmetrics_port = 1\ncompression = true\n${settings}${app}${worker}${cable}${auth}phase = "response"\n`,
    );
    expect(changed).toEqual({ ...nothing, same: false, modules: true, settings: ["compression", "metricsPort"] });
  });
});
