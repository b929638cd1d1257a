import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { connectControl, controlPath } from "@mothership/control";
import { eventually, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, startFleet, type TestFleet } from "./support/fleet.ts";

/** A `[[fleet.work]]` table around a Node script in one line. */
function work(name: string, script: string, ...lines: readonly string[]): string {
  return `[[fleet.work]]\nname = "${name}"\ncommand = '${process.execPath}'\nargs = ["-e", ${JSON.stringify(script)}]\n${lines.join("\n")}\n`;
}

const stays = "setInterval(() => {}, 1000);";
/** What a ship has printed. */
const printed = (fleet: TestFleet, ship: string): string[] => fleet.lines().flatMap((line) => (line.ship === ship ? (line.msg ?? []) : []));
const says = (fleet: TestFleet, ship: string, text: string) =>
  fleet.line(`"${text}" of ${ship}`, (line) => line.ship === ship && line.msg === text);

describe.concurrent("a process runs", () => {
  test("in its cwd, with its env files and above them its env", async () => {
    const script = `${stays} console.log([require("node:path").basename(process.cwd()), process.env.A, process.env.B, process.env.C].join(" "))`;
    await using fleet = startFleet(
      work("app", script, 'cwd = "."', 'env_file = ["one.env", "two.env"]', 'env = { C = "own" }') +
        work("elsewhere", "console.log(process.cwd())", 'cwd = "/"', 'restart = "on-failure"'),
      { files: { "one.env": "A=one\nB=one # not this\nC=one\n", "two.env": 'export B="two words"\n' } },
    );
    await says(fleet, "app", `${fleet.folder.split("/").at(-1)} one two words own`);
    await says(fleet, "elsewhere", "/");
  });

  test("with an input that is open only where that is asked for", async () => {
    const script = `${stays} process.stdin.on("end", () => console.log("end")).resume(); console.log("reads")`;
    await using fleet = startFleet(work("open", script, 'stdin = "open"') + work("plain", script));
    await says(fleet, "open", "reads");
    await says(fleet, "plain", "end");
    expect(printed(fleet, "open")).toEqual(["reads"]);
  });

  test("on a terminal where it asks for one, and stops as others do", async () => {
    const script = `${stays} console.log([process.stdin.isTTY, process.stdout.isTTY, process.stdout.columns].join(" "))`;
    await using fleet = startFleet(work("fancy", script, "tty = true") + work("plain", script));
    await says(fleet, "fancy", "true true 120");
    await says(fleet, "plain", "  ");
    fleet.signal("SIGTERM");
    expect(await fleet.ended()).toMatchObject({ code: 0 });
  });

  test("not at all while it is disabled, and after a reload that enables it", async () => {
    const manifest = work("on", stays) + work("off", `${stays} console.log("runs")`, "disabled = true");
    await using fleet = startFleet(manifest);
    await fleet.running();
    expect(printed(fleet, "off")).toEqual([]);
    const command = (...args: string[]) => mothership(args, { cwd: fleet.folder, env: fleet.env });
    expect((await command("status")).stdout).toMatch(/off +work +disabled/);
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest.replace("disabled = true", ""));
    expect((await command("reload")).code).toBe(0);
    await says(fleet, "off", "runs");
  });

  test("once another one has printed the line that it waits for", async () => {
    const server = `${stays} setTimeout(() => console.log("accepting jobs"), 400); console.log("booting")`;
    const client = `${stays} console.log("starts")`;
    await using fleet = startFleet(
      work("client", client, 'depends_on = [{ ship = "queue", condition = "log", pattern = "^accepting" }]') + work("queue", server),
    );
    await says(fleet, "client", "starts");
    expect(fleet.lines().flatMap(({ msg }) => msg ?? [])).toEqual(["booting", "accepting jobs", "starts"]);
  });

  test("and counts as started when a line of its output says so", async () => {
    const script = `${stays} process.on("SIGUSR2", () => console.log("listening on 1")); console.log(process.pid)`;
    await using fleet = startFleet(work("app", script, 'startup = { type = "log", pattern = "listening" }'));
    const { msg } = await fleet.line("its pid", (line) => line.ship === "app");
    expect(fleet.lines().some(({ message }) => message === "Mothership runs")).toBe(false);
    process.kill(Number(msg), "SIGUSR2");
    await fleet.running();
  });
});

describe.concurrent("the fleet ends", () => {
  test("at once, with the exit code of a critical ship that is never restarted", async () => {
    await using fleet = startFleet(work("app", "console.log('runs'); setTimeout(() => process.exit(7), 200)", 'restart = "never"'));
    const { code } = await fleet.ended();
    expect([code, printed(fleet, "app")]).toEqual([7, ["runs"]]);
  });

  test("at once, with an exit code that is fatal, and not for another one", async () => {
    const script = `const fs = require("node:fs"); const again = fs.existsSync("ran"); fs.writeFileSync("ran", ""); console.log("runs"); process.exitCode = again ? 78 : 1`;
    await using fleet = startFleet(work("app", script, "fatal_exit_codes = [78]"));
    const { code } = await fleet.ended();
    expect([code, printed(fleet, "app")]).toEqual([78, ["runs", "runs"]]);
  });

  test("after so many restarts as are allowed", async () => {
    await using fleet = startFleet(work("app", "console.log('runs'); process.exitCode = 3", "max_restarts = 1"));
    const { code } = await fleet.ended();
    expect([code, printed(fleet, "app")]).toEqual([3, ["runs", "runs"]]);
  });

  test("not when a ship ends with a code that is a success", async () => {
    await using fleet = startFleet(
      work("app", stays) + work("job", "process.exitCode = 143", 'restart = "on-failure"', "success_exit_codes = [0, 143]"),
    );
    await fleet.running();
    const state = async (): Promise<boolean> =>
      /job +work +completed/.test((await mothership(["status"], { cwd: fleet.folder, env: fleet.env })).stdout);
    await eventually("the job completed", state);
  });
});

describe.concurrent("a process is told to stop", () => {
  test("by the signal or the command that it asks for", async () => {
    const hears = `${stays} for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => { console.log(name); process.exit() }); console.log("runs")`;
    const stop = ["sh", "-c", "kill -INT $MS_STOP_PID"];
    await using fleet = startFleet(
      work("by-signal", hears, 'stop_signal = "SIGINT"') +
        work("by-command", hears, `stop_command = ${JSON.stringify(stop)}`) +
        work("as-usual", hears),
    );
    await fleet.running();
    for (const name of ["by-signal", "by-command", "as-usual"]) await says(fleet, name, "runs");
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    const heard = ["by-signal", "by-command", "as-usual"].map((name) => printed(fleet, name));
    expect(heard).toEqual([
      ["runs", "SIGINT"],
      ["runs", "SIGINT"],
      ["runs", "SIGTERM"],
    ]);
  });

  test("and killed when its time is over", async () => {
    const deaf = `${stays} process.on("SIGTERM", () => console.log("ignored")); console.log("runs")`;
    await using fleet = startFleet(work("deaf", deaf, 'stop_timeout = "300ms"'));
    await says(fleet, "deaf", "runs");
    await fleet.running();
    const { code, stdout } = await mothership(["stop", "deaf"], { cwd: fleet.folder, env: fleet.env });
    expect([code, stdout]).toEqual([0, '"deaf" is stopped\n']);
    expect(printed(fleet, "deaf")).toEqual(["runs", "ignored"]);
  });
});

describe.concurrent("a process is restarted", () => {
  test("when its liveness check fails", async () => {
    const script = `${stays} require("node:fs").writeFileSync("alive", ""); console.log("runs")`;
    const check = '{ type = "exec", command = ["test", "-e", "alive"], interval = "100ms", failure_threshold = 2 }';
    await using fleet = startFleet(work("app", script, `liveness = ${check}`));
    await fleet.running();
    await eventually("the first run", () => existsSync(join(fleet.folder, "alive")));
    await mothership(["status"], { cwd: fleet.folder, env: fleet.env }); // the time of some looks
    expect(printed(fleet, "app")).toEqual(["runs"]);
    rmSync(join(fleet.folder, "alive"));
    await eventually("the second run", () => printed(fleet, "app").length === 2);
    // Asked from here: a command takes its time, and only the last ten looks are kept.
    const control = connectControl(controlPath(join(realpathSync(fleet.folder), "ship-manifest.toml"), fleet.env));
    const { probes } = await control.explain("app");
    expect(probes.live.map(({ reason }) => reason)).toContain("the command exited with code 1");
  });

  test("when it uses more memory than it may", async () => {
    const script = `globalThis.hoard = Buffer.alloc(160 * 2 ** 20, 1); ${stays} console.log("runs")`;
    await using fleet = startFleet(work("hoarder", script, 'memory_limit = "128MiB"') + work("modest", script, 'memory_limit = "1GiB"'));
    await fleet.running();
    await eventually("the second run", () => printed(fleet, "hoarder").length === 2, 30_000);
    expect(printed(fleet, "modest")).toEqual(["runs"]);
  }, 45_000);
});

describe.concurrent("output", () => {
  test("goes to files that are renamed when they are full, and to the output of mothership", async () => {
    const pages = `let n = 0; const page = () => { for (let k = 0; k < 40; k++) console.log("line " + n++); if (n < 1600) setTimeout(page, 5); else console.log("done") }`;
    const script = `${stays} ${pages}; page()`;
    await using fleet = startFleet(
      `[mothership.logs]\ndir = "log"\nmax_size = "4KiB"\nmax_files = 20\n${work("app", script)}${work("own", script, 'log = { file = "own.txt", compress = false, max_size = "1MiB" }')}`,
    );
    await says(fleet, "app", "done");
    await says(fleet, "own", "done");
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    const expected = [...Array.from({ length: 1600 }, (_, n) => `line ${n}`), "done"];
    const linesOf = (text: string): string[] => text.split("\n").slice(0, -1);
    expect(linesOf(readFileSync(join(fleet.folder, "own.txt"), "utf8"))).toEqual(expected);
    const older = Array.from({ length: 20 }, (_, n) => join(fleet.folder, `log/app.log.${20 - n}.gz`)).filter((path) => existsSync(path));
    expect(older.length).toBeGreaterThan(0);
    const text =
      older.map((path) => gunzipSync(readFileSync(path)).toString()).join("") + readFileSync(join(fleet.folder, "log/app.log"), "utf8");
    expect(linesOf(text)).toEqual(expected);
    expect(printed(fleet, "app")).toEqual(expected);
  });
});

describe.concurrent("clearance", () => {
  const cleared = async (manifest: string, files: Record<string, string> = {}): Promise<readonly [number | null, string]> => {
    using folder = tempFolder();
    for (const [name, text] of Object.entries({ "ship-manifest.toml": manifest, ...files })) writeFileSync(folder.join(name), text);
    const { code, stdout, stderr } = await mothership(["clearance"], { cwd: folder.path });
    return [code, stdout + stderr];
  };

  test("refuses a whole command line with the fix written out, unless a file has that name", async () => {
    const manifest = '[[fleet.web]]\nname = "app"\ncommand = "ruby app.rb"\n';
    const [code, text] = await cleared(manifest);
    expect(code).toBe(2);
    expect(text).toContain("ship-manifest.toml:3:11");
    expect(text).toContain('write command = "ruby" and args = ["app.rb"]');
    expect((await cleared(manifest, { "ruby app.rb": "" }))[0]).toBe(0);
  });

  test("points to an env file that is missing or wrong, and shows nothing of it", async () => {
    const manifest = '[[fleet.web]]\nname = "app"\ncommand = "true"\nenv_file = ["a.env", "b.env"]\n';
    const [code, text] = await cleared(manifest, { "a.env": "TOKEN=hunter2\nhunter2\n" });
    expect(code).toBe(2);
    expect(text).toContain('ship-manifest.toml:4:13  the env file "a.env" has a line 2 that is not NAME=value');
    expect(text).toContain('ship-manifest.toml:4:22  the env file "b.env" does not exist');
    expect(text).not.toContain("hunter2");
  });
});
