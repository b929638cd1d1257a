import { parseManifest } from "@mothership/manifest";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { PreflightError } from "../bridge/errors.ts";
import { drawFailure, failureOf, lossOf } from "./failure.ts";
import { footerOutput } from "./footer.ts";
import { peopleConsole } from "./people-console.ts";
import { inWords } from "./words.ts";

test("a line below what goes by is taken away before each text, and comes back after it", () => {
  let screen = "";
  const output = footerOutput((text) => (screen += text));
  output.write("one\n");
  output.footer("waits");
  output.footer("waits");
  output.write("two\n");
  output.footer("");
  output.write("three\n");
  expect(screen.replaceAll("\r\x1b[K", "<")).toBe("one\nwaits<two\nwaits<three\n");
});

describe("what failed", () => {
  test("is told with the last lines of who failed and what to do", () => {
    const error = Object.assign(new Error('"app" did not start: exited with code 7'), {
      code: "MS_START_FAILED",
      process: "app",
      lines: Array.from({ length: 20 }, (_, at) => `line ${at} \x1b[2J`),
    });
    const text = drawFailure("No.", failureOf(error), 80);
    expect(text.split("\n").slice(0, 4)).toEqual(["No.", '  "app" did not start: exited with code 7', "", "  the last lines of app:"]);
    expect(text.match(/\| line \d+/g)).toHaveLength(8);
    expect(text).toContain("| line 19");
    expect(text).toMatch(/what to do: mend "app"/);
    expect(text).not.toContain("\x1b");
  });

  test("is told at once where it is more than one thing, without what a URL hides", () => {
    const failure = failureOf(new PreflightError(["first is missing", "postgres://u:secret@db/x cannot be reached"]));
    expect(failure.problems).toHaveLength(2);
    expect(failure.problems.join()).not.toContain("secret");
    expect(failureOf("odd").problems).toEqual(["odd"]);
  });

  test("of a fleet that ran says how it could have gone on", () => {
    expect(drawFailure("No.", lossOf("app", "exited with code 3", []), 80)).toMatch(/critical = false/);
  });
});

test("what happens to a process is said in words, anything else as it is", () => {
  const record = (message: string, fields: Record<string, unknown>) => inWords({ time: 0, level: "warn", message, fields }).message;
  expect(record("A process ended", { ship: "app", pid: 1, code: 7 })).toBe("app ended with code 7");
  expect(record("A process ended", { ship: "app", pid: 1, signal: "SIGSEGV" })).toBe("app was ended by SIGSEGV");
  expect(record("A process is started again", { ship: "app", delayMs: 500, failures: 3 })).toBe(
    "app is started again in 0.5s, after 3 failures",
  );
  const sick = { ship: "app", reason: "liveness check failed: status 500" };
  expect(record("A process is restarted because its liveness check fails", sick)).toBe(
    "app is restarted: liveness check failed: status 500",
  );
  expect(record("A process did not start", { ship: "app", reason: "exited with code 1" })).toBe("app did not start: exited with code 1");
  expect(record("Lines of output were lost", { ship: "app", count: 1, sink: "/log/app.log", reason: "ENOSPC" })).toBe(
    "app: 1 line for /log/app.log lost: ENOSPC",
  );
  expect(record("Requests to a ship fail, so its health is looked at", { ship: "app", reason: "5 requests got no answer" })).toBe(
    "app is looked at: 5 requests got no answer",
  );
  const refused = { upstream: "app", requestId: "x-1", route: "/.*", status: 502, reason: "upstream-closed", code: "MS_X" };
  expect(record("A request could not be forwarded", refused)).toBe("app: request x-1 was answered 502 upstream-closed");
  expect(record("A request could not be forwarded", { ...refused, detail: "It closed", suppressed: 2 })).toBe(
    "app: request x-1 was answered 502 upstream-closed: It closed (and 2 others before)",
  );
  expect(record("Something else", { ship: "app" })).toBe("Something else");
});

describe("the console for people", () => {
  const manifest = parseManifest('[[fleet.web]]\nname = "app"\ncommand = "true"\n', { file: "ship-manifest.toml", env: {} });
  const opened = (progress = true) => {
    const clock = new FakeClock();
    const said: string[] = [];
    const write = (text: string): void => void said.push(text);
    const terminal = { out: write, err: write, columns: 80, interactive: true, color: false };
    const behind = { bytes: 0 };
    const shown = peopleConsole(manifest, { clock, terminal, columns: () => 80, waiting: () => behind.bytes, progress });
    const status = (to: string): void =>
      shown.sink.own({ time: clock.wallTime(), level: "info", message: "Status changed", fields: { status: to } });
    return { clock, shown, status, behind, said: () => said.join("").replaceAll("\r\x1b[K", "<") };
  };

  test("shows what goes on only when it goes on for a while", async () => {
    const { clock, shown, status, said } = opened();
    status("preflight");
    await clock.advance(600);
    expect(said()).not.toContain("…");
    await clock.advance(600);
    expect(said()).toContain("… preflight  1s  commands and addresses");
    status("launching");
    shown[Symbol.dispose]();
    expect(said()).toMatch(/<mothership \| preflight +1\.2s {2}commands and addresses\n$/);
  });

  test("shows nothing while something else has the terminal", async () => {
    const { clock, shown, status, said } = opened();
    status("launching");
    const held = shown.hold();
    await clock.advance(10_000);
    shown.sink.ship({ name: "app", stream: "stdout", at: 0, text: "hidden" });
    held[Symbol.dispose]();
    shown.sink.ship({ name: "app", stream: "stdout", at: 0, text: "seen" });
    shown[Symbol.dispose]();
    expect(said()).not.toMatch(/hidden|…/);
    expect(said()).toContain("seen");
  });

  test("shows no progress to who wants warnings only", async () => {
    const { clock, shown, said } = opened(false);
    await clock.advance(10_000);
    shown.runs({ listening: [], ships: 1 }, undefined as never);
    shown[Symbol.dispose]();
    expect(said()).toBe("");
  });

  test("leaves its own lines out while the terminal is far behind, and says how many", () => {
    const { shown, behind, said } = opened();
    const own = (message: string): void => shown.sink.own({ time: 0, level: "info", message, fields: {} });
    behind.bytes = 2 * 1024 * 1024;
    own("first");
    own("second");
    behind.bytes = 0;
    own("third");
    shown[Symbol.dispose]();
    expect(said()).toBe("mothership | 2 lines were left out here: the terminal did not take them\nmothership | third\n");
  });
});
