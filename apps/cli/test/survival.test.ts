import { writeFileSync } from "node:fs";
import { eventually, freePort, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet, type TestFleet } from "./support/fleet.ts";

/** A ship with a child in its group, one in a session of its own, and one that was forked twice. Each says its pid. */
const family = `
const { spawn } = require("node:child_process");
const sleep = ["-e", "setInterval(() => {}, 1000)"];
const group = spawn(process.execPath, sleep, { stdio: "ignore" });
const session = spawn(process.execPath, sleep, { stdio: "ignore", detached: true });
const twice = spawn("sh", ["-c", process.execPath + " -e 'setInterval(() => {}, 1000)' & echo $!"], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
twice.stdout.on("data", (pid) => console.log("pids", process.pid, group.pid, session.pid, Number(pid)));
`;
const manifest = `[[fleet.web]]\nname = "family"\ncommand = "${process.execPath}"\nargs = ["family.cjs"]\n`;

async function pidsOf(fleet: TestFleet): Promise<number[]> {
  const { msg = "" } = await fleet.line("the pids", (line) => line.msg?.startsWith("pids ") === true);
  return msg.split(" ").slice(1).map(Number);
}

describe("a family of processes", () => {
  test("is gone after a stop: child, session and double fork", async () => {
    await using fleet = startFleet(manifest, { files: { "family.cjs": family } });
    const pids = await pidsOf(fleet);
    expect(pids.length).toBe(4);
    await fleet.running();
    fleet.signal("SIGTERM");
    await fleet.ended();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("that a killed mothership left behind is ended by the next one, before anything starts again", async () => {
    using folder = tempFolder();
    const file = folder.join("ship-manifest.toml");
    writeFileSync(file, manifest);
    writeFileSync(folder.join("family.cjs"), family);
    const env = { MS_SOCKET_DIR: folder.join("run") };
    await using first = startFleet("", { args: ["-c", file], env });
    const pids = await pidsOf(first);
    await first.running();
    process.kill(first.pid, "SIGKILL");
    await eventually("the first one gone", () => !isAlive(first.pid));
    await using second = startFleet("", { args: ["-c", file], env });
    await second.running();
    expect(pids.filter(isAlive)).toEqual([]);
    expect((await pidsOf(second)).every(isAlive)).toBe(true);
    expect(second.lines().find(({ message }) => message === "Ended what an earlier run of this fleet had left behind")).toMatchObject({
      level: "warn",
      processes: expect.toSatisfy((count) => count >= 1 && count <= 4),
    });
  });
});

describe("SIGKILL of mothership", () => {
  const hangs = (name: string): string =>
    `name = "${name}"\ncommand = "${process.execPath}"\nargs = ["-e", "console.log(process.pid); setInterval(() => {}, 1000)"]\n`;
  const phases = [
    ["prelaunch", () => `[[mothership.prelaunch]]\n${hangs("app")}`],
    ["launching", () => `[[fleet.jobs]]\noneshot = true\n${hangs("app")}`],
    ["running", () => `[[fleet.web]]\n${hangs("app")}`],
  ] as const;

  test.each(phases)("in %s leaves nothing that the next start does not end, and a bind that it can take", async (status, make) => {
    using folder = tempFolder();
    const file = folder.join("ship-manifest.toml");
    const env = { MS_SOCKET_DIR: folder.join("run") };
    const bind = `[mothership.bind]\nhttp = "127.0.0.1:${await freePort()}"\ndoor = "unix://${folder.join("door.sock")}"\n`;
    writeFileSync(file, bind + make());
    await using first = startFleet("", { args: ["-c", file], env });
    const { msg } = await first.line("the process", (line) => line.ship === "app");
    await first.line(status, (line) => line.status === status);
    process.kill(first.pid, "SIGKILL");
    await eventually("the first one gone", () => !isAlive(first.pid));

    writeFileSync(file, bind + ship("other", await freePort(), 'routes = ["http:/.*", "door:/.*"]'));
    await using second = startFleet("", { args: ["-c", file], env });
    await second.running();
    expect(isAlive(Number(msg))).toBe(false);
    second.signal("SIGTERM");
    expect((await second.ended()).code).toBe(0);
  });
});

test("a fleet of 100 ships stops in less than five seconds and leaves nothing", async () => {
  const many = Array.from({ length: 100 }, (_, at) => `[[fleet.many]]\nname = "sleep-${at}"\ncommand = "sleep"\nargs = ["1000"]\n`).join(
    "",
  );
  await using fleet = startFleet(many);
  await fleet.running();
  const begun = performance.now();
  fleet.signal("SIGTERM");
  expect((await fleet.ended()).code).toBe(0);
  expect(performance.now() - begun).toBeLessThan(5000);
});
