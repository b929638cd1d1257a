import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { eventually, freePort, isAlive } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type Finished, mothership, ship, startFleet, type TestFleet } from "./support/fleet.ts";

/** A command on the fleet of a test, as typed in its folder. */
const on =
  (fleet: TestFleet) =>
  (...args: string[]): Promise<Finished> =>
    mothership(args, { cwd: fleet.folder, env: fleet.env });

interface Unit {
  readonly name: string;
  readonly pid?: number;
  readonly state: string;
  readonly restarts: number;
}

async function unitsOf(command: ReturnType<typeof on>): Promise<Map<string, Unit>> {
  const { units } = JSON.parse((await command("status", "--json")).stdout) as { readonly units: readonly Unit[] };
  return new Map(units.map((unit) => [unit.name, unit]));
}

describe("a fleet that runs", () => {
  test("is looked at and steered from outside", async () => {
    await using fleet = startFleet(`
${ship("app", await freePort())}
[[fleet.workers]]
name = "flaky"
command = "${process.execPath}"
args = ["-e", "console.log('about to fail'); process.exitCode = 3"]
critical = false
`);
    const command = on(fleet);
    await fleet.line("the control socket", (line) => line.status === "launching");
    expect((await command("wait", "app", "--timeout", "20s")).code).toBe(0);
    await eventually("two runs of the failing ship", () => fleet.lines().filter((line) => line.msg === "about to fail").length > 1);

    const status = await command("status");
    expect(status.stdout).toMatch(/app +web +ready/);
    const explained = await command("explain", "flaky");
    expect(explained.stdout).toMatch(/^ship "flaky" \(workers\) is [\s\S]*ended with code 3\n {4}\| about to fail/);
    const logs = await command("logs", "flaky", "-n", "1", "--json");
    expect(JSON.parse(logs.stdout)).toMatchObject({ ship: "flaky", stream: "stdout", msg: "about to fail" });

    const before = (await unitsOf(command)).get("app");
    expect((await command("restart", "app")).stdout).toBe('"app" was restarted\n');
    const after = (await unitsOf(command)).get("app");
    expect(after).toMatchObject({ state: "ready", restarts: 1 });
    expect(after?.pid).not.toBe(before?.pid);
    expect(isAlive(before?.pid ?? 0)).toBe(false);

    expect((await command("stop", "app", "flaky")).code).toBe(0);
    expect(isAlive(after?.pid ?? 0)).toBe(false);
    expect((await command("wait", "app", "--for", "stopped")).code).toBe(0);
    const late = await command("wait", "app", "--timeout", "100ms");
    expect([late.code, late.stderr]).toEqual([4, expect.stringMatching(/waiting for app to be ready: the deadline of 100 ms passed/)]);
    expect((await command("start", "app")).code).toBe(0);
    expect((await unitsOf(command)).get("app")?.state).toBe("ready");
    expect((await command("signal", "app", "term")).code).toBe(0);
  });

  test("says which unit is unknown, and that it runs already when it is started again", async () => {
    await using fleet = startFleet(ship("app", await freePort()));
    const command = on(fleet);
    await fleet.running();
    const unknown = await command("stop", "nope");
    expect([unknown.code, unknown.stderr]).toEqual([5, 'mothership: there is no ship, bay or job "nope"; there are: app\n']);
    const second = await command("run");
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(new RegExp(`running already, with pid ${fleet.pid} `));
    expect((await unitsOf(command)).get("app")?.state).toBe("ready");
  });

  test("follows a changed manifest: what did not change keeps its process, what is invalid changes nothing", async () => {
    const [http, first, second, third] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const bind = `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n`;
    const kept = ship("kept", first, 'routes = ["http:/kept"]');
    await using fleet = startFleet(`${bind}${kept}${ship("changed", second, 'routes = ["http:/changed"]')}`);
    const command = on(fleet);
    const manifest = join(fleet.folder, "ship-manifest.toml");
    await fleet.running();
    const before = await unitsOf(command);

    writeFileSync(
      manifest,
      `${bind}${kept}${ship("changed", third, 'routes = ["http:/changed"]')}${ship("added", second, 'routes = ["http:/.*"]')}`,
    );
    expect((await command("plan")).stdout).toBe("would start: added\nwould restart: changed\nwould swap: routes\n");
    expect((await command("reload")).code).toBe(0);
    const after = await unitsOf(command);
    expect(after.get("kept")?.pid).toBe(before.get("kept")?.pid);
    expect(after.get("changed")?.pid).not.toBe(before.get("changed")?.pid);
    const asked = async (path: string): Promise<unknown> =>
      ((await (await fetch(`http://127.0.0.1:${http}${path}`)).json()) as { ship: string }).ship;
    expect([await asked("/kept"), await asked("/changed"), await asked("/other")]).toEqual(["kept", "changed", "added"]);

    writeFileSync(manifest, `${readFileSync(manifest, "utf8")}\nx =`);
    const invalid = await command("reload");
    expect([invalid.code, invalid.stderr]).toEqual([2, expect.stringMatching(/ship-manifest.toml:\d+:\d+/)]);
    writeFileSync(manifest, `${bind}${kept.replace("healthcheck", "helthcheck")}[[fleet.web]]\ncommand = "sleep"\n`);
    for (const verb of ["plan", "reload"]) {
      const { code, stderr } = await command(verb);
      expect([verb, code, stderr]).toEqual([verb, 2, expect.stringMatching(/helthcheck[\s\S]*\n.*name/)]);
    }
    expect((await unitsOf(command)).get("kept")?.pid).toBe(before.get("kept")?.pid);
  });

  test("does not call it mayday when a critical ship is started or restarted because somebody asked", async () => {
    const [first, second] = [await freePort(), await freePort()];
    await using fleet = startFleet(ship("app", first));
    const command = on(fleet);
    await fleet.running();
    expect((await command("restart", "app")).code).toBe(0);
    expect((await command("stop", "app")).code).toBe(0);
    expect((await command("start", "app")).code).toBe(0);
    writeFileSync(
      join(fleet.folder, "ship-manifest.toml"),
      `${ship("app", first, 'stop_signal = "SIGINT"').replace("SHIP =", 'NEW = "1", SHIP =')}${ship("added", second)}`,
    );
    expect((await command("reload")).stdout).toBe("started: added\nrestarted: app\n");
    expect(fleet.lines().filter((line) => line.status === "mayday")).toEqual([]);
    process.kill((await unitsOf(command)).get("added")?.pid ?? 0, "SIGKILL");
    await fleet.line("mayday", (line) => line.status === "mayday" && line["reason"] === "down: added");
    await fleet.line("the way back", (line) => line.status === "running" && line["from"] === "mayday");
  });

  test("says by the keys of the manifest what a reload swaps, what has to wait, and what it cannot do", async () => {
    const [http, other] = [await freePort(), await freePort()];
    const manifest = (settings: string, port: number): string =>
      `[mothership]\n${settings}\n[mothership.bind]\nhttp = "127.0.0.1:${port}"\n[[fleet.x]]\nname = "app"\ncommand = "sleep"\nargs = ["1000"]\n`;
    await using fleet = startFleet(manifest("", http));
    const command = on(fleet);
    await fleet.running();
    const write = (text: string): void => writeFileSync(join(fleet.folder, "ship-manifest.toml"), text);
    write(manifest('compression = true\nshutdown_timeout = "9s"', other));
    expect((await command("plan")).stdout).toBe(
      "would swap: bind, compression\nwould hold from the next start of mothership on: shutdown_timeout\n",
    );
    expect((await command("reload")).stdout).toBe(
      "swapped: bind, compression\nholds from the next start of mothership on: shutdown_timeout\n",
    );
    write(manifest(`edge_threads = 2\nmetrics_port = ${http}`, other));
    expect((await command("plan")).stdout).toMatch(/needs a new start of mothership: edge_threads, metrics_port\n/);
    expect((await command("reload")).stderr).toMatch(/need a new start of mothership: edge_threads, metrics_port;/);
  });

  test("does not call a ship started that has no check and ends at once", async () => {
    const good = ship("app", await freePort());
    await using fleet = startFleet(good);
    const command = on(fleet);
    await fleet.running();
    const manifest = join(fleet.folder, "ship-manifest.toml");
    const added = (script: string): string =>
      `${good}[[fleet.web]]\nname = "late"\ncommand = "sh"\nargs = ["-c", "${script}"]\ncritical = false\n`;
    writeFileSync(manifest, added("sleep 0.2; echo no port; exit 4"));
    const failed = await command("reload");
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringMatching(/undone: "late" does not come up: exited with code 4/)]);
    expect([...(await unitsOf(command)).keys()]).toEqual(["app"]);
    writeFileSync(manifest, added("exec sleep 1000"));
    expect(await command("reload")).toMatchObject({ code: 0, stdout: "started: late\n" });
  });

  test("refuses to add a ship where somebody else listens, and starts nothing", async () => {
    const [first, taken] = [await freePort(), await freePort()];
    await using fleet = startFleet(ship("app", first));
    const command = on(fleet);
    await fleet.running();
    const stranger = createServer().listen(taken, "127.0.0.1");
    await once(stranger, "listening");
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), `${ship("app", first)}${ship("late", taken)}`);
    const refused = await command("reload");
    stranger.close();
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(new RegExp(`ship "late".*${taken}.*already`))]);
    expect([...(await unitsOf(command)).keys()]).toEqual(["app"]);
  });

  test("goes on launching when one ship is stopped meanwhile", async () => {
    const port = await freePort();
    await using fleet = startFleet(`
${ship("slow", port).replace("env = {", 'env = { SICK = "1", ')}
[[fleet.web]]
name = "other"
command = "sleep"
args = ["1000"]
`);
    const command = on(fleet);
    await fleet.line("the slow ship", (line) => line.ship === "slow" && line.msg === "listening");
    expect((await command("stop", "slow")).code).toBe(0);
    await fleet.running();
    expect((await unitsOf(command)).get("other")?.state).toBe("up");
  });

  test("shows its prelaunch jobs while they run and after them, and what they printed", async () => {
    const job = (name: string, script: string): string =>
      `[[mothership.prelaunch]]\nname = "${name}"\ncommand = "sh"\nargs = ["-c", "${script}"]\n`;
    await using fleet = startFleet(
      `${job("migrate", "echo migrating; while [ ! -e go ]; do sleep 0.05; done; echo migrated >&2")}${job("seed", "echo seeded")}depends_on = ["migrate"]\n${ship("app", await freePort())}`,
    );
    const command = on(fleet);
    await fleet.line("the job's first line", (line) => line.ship === "migrate");
    const during = await unitsOf(command);
    expect([...during.values()].map(({ name, state }) => [name, state])).toEqual([
      ["migrate", "up"],
      ["seed", "waiting"],
      ["app", "stopped"],
    ]);
    expect((await command("explain", "seed")).stdout).toMatch(/^job "seed" \(prelaunch\) is waiting[\s\S]*waits for .*migrate/);
    writeFileSync(join(fleet.folder, "go"), "");
    await fleet.running();
    expect((await unitsOf(command)).get("migrate")?.state).toBe("completed");
    expect((await command("logs", "migrate")).stdout).toMatch(/migrate +\| migrating\nmigrate +\| migrated\n/);
    expect((await command("explain", "seed")).stdout).toMatch(/is completed[\s\S]*ended with code 0\n {4}\| seeded/);
    expect((await command("wait")).code).toBe(0);
    expect(await command("restart", "migrate")).toMatchObject({ code: 1, stderr: expect.stringContaining('"migrate" is a prelaunch job') });
  });

  test("says what is no signal, and takes numbers", async () => {
    await using fleet = startFleet('[[fleet.web]]\nname = "x"\ncommand = "sleep"\nargs = ["1000"]\n');
    const command = on(fleet);
    await fleet.running();
    expect(await command("signal", "x", "nope")).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no signal "nope"') });
    expect(await command("signal", "x", "15")).toMatchObject({ code: 0, stdout: 'SIGTERM went to "x"\n' });
  });

  test("goes back to the old manifest when a replacement does not come up", async () => {
    const [http, port] = [await freePort(), await freePort()];
    const bind = `[mothership.bind]\nhttp = "127.0.0.1:${http}"\n`;
    const good = `${bind}${ship("app", port, 'routes = ["http:/.*"]')}`;
    await using fleet = startFleet(good);
    const command = on(fleet);
    await fleet.running();
    const broken = good.replace(/args = .*/, `args = ["-e", "console.error('cannot start'); process.exit(9)"]`);
    writeFileSync(join(fleet.folder, "ship-manifest.toml"), broken);
    const failed = await command("reload");
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringMatching(/undone/)]);
    expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(200);
  });
});

test("without a fleet every command says how to start one", async () => {
  for (const words of [["status"], ["logs"], ["explain", "x"], ["restart", "x"], ["plan"], ["wait"]]) {
    const { code, stderr } = await mothership(words, { env: { MS_SOCKET_DIR: "/tmp/ms-none" } });
    expect([code, stderr]).toEqual([6, expect.stringMatching(/no fleet is running here .*"mothership run"/)]);
  }
});
