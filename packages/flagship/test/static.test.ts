import { readdirSync, readFileSync } from "node:fs";
import { silentLogger, systemClock } from "@mothership/kernel";
import { eventually, FakeClock, isAlive } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { isTruthy, staticCoordinator } from "../src/static.ts";

const deps = { clock: systemClock, log: silentLogger };
const node = JSON.stringify(process.execPath);
const script = (code: string): string => `${node} -e ${JSON.stringify(code)}`;

async function roleBy(command: string, equals: string): Promise<string> {
  await using tenure = await staticCoordinator({ command, equals }, deps).elect();
  return tenure.role;
}

describe("a static election by value", () => {
  test.each(["true", "TRUE", "True", "1", "yes", "YES"])("makes %j the flagship", (value) => {
    expect(isTruthy(value)).toBe(true);
  });

  test.each([undefined, "", "0", "false", "no", "on", "y", "t", "2", " true", "true ", "yes\n", "11", "$MS_FLAGSHIP"])(
    "makes %j an escort",
    (value) => {
      expect(isTruthy(value)).toBe(false);
    },
  );
});

describe("a static election by command", () => {
  test("compares the trimmed output exactly", async () => {
    expect(await roleBy("echo server-a", "server-a")).toBe("flagship");
    expect(await roleBy("printf '\\n  web.1 \\n'", "web.1")).toBe("flagship");
    expect(await roleBy("echo server-a", "Server-A")).toBe("escort");
    expect(await roleBy("echo server-ab", "server-a")).toBe("escort");
    expect(await roleBy("true", "")).toBe("flagship");
  });

  test("runs no shell", async () => {
    expect(await roleBy("echo $HOME; echo x", "$HOME; echo x")).toBe("flagship");
  });

  test.each([
    [
      script("process.stderr.write('no\\nluck postgres://u:secret@h/'); process.exit(3)"),
      /ended with exit code 3: no luck postgres:\/\/u:\*\*\*@h\/$/,
    ],
    ["false", /ended with exit code 1$/],
    [script("process.kill(process.pid, 'SIGKILL')"), /ended with signal SIGKILL$/],
    ["/nowhere/at-all", /cannot be run: spawn \/nowhere\/at-all ENOENT$/],
    ["", /is empty/],
    ["echo \0", /"echo \?" holds a NUL$/],
    ["echo 'x", /quote that is not closed/],
    [script("process.stdout.write('x'.repeat(70000)); setInterval(() => 0, 1000)"), /wrote more than 64 KiB$/],
  ])("does not take the failure of %s for an answer", async (command, reason) => {
    await expect(roleBy(command, "x")).rejects.toMatchObject({ code: "MS_ELECTION_COMMAND", message: expect.stringMatching(reason) });
  });

  test("kills the command and its children after ten seconds", async () => {
    const clock = new FakeClock();
    const lines = `console.error(require("child_process").spawn("sleep", ["1000"], {stdio: "inherit"}).pid)`;
    const electing = staticCoordinator({ command: script(lines), equals: "x" }, { ...deps, clock }).elect();
    const failed = expect(electing).rejects.toMatchObject({
      code: "MS_ELECTION_COMMAND",
      message: expect.stringMatching(/did not end within 10 s$/),
    });
    const pid = await eventually("the grandchild", () => childrenNamed("sleep").at(-1));
    await clock.advance(9_999);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(1);
    await failed;
    await eventually("the grandchild gone", () => !isAlive(pid));
    expect(clock.pending).toBe(0);
  });

  test("kills the command when the signal fires", async () => {
    const controller = new AbortController();
    const electing = staticCoordinator({ command: "sleep 1001", equals: "x" }, deps).elect({ signal: controller.signal });
    const failed = expect(electing).rejects.toThrow("enough");
    controller.abort(new Error("enough"));
    await failed;
    await eventually("the command gone", () => childrenNamed("sleep", "1001").length === 0);
  });
});

/** Processes that this test run started, by name and argument. */
function childrenNamed(name: string, argument = "1000"): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, "latin1").split("\0");
      return line[0] === name && line[1] === argument && isAlive(Number(entry)) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
