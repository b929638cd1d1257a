import { readdirSync, readlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkCommands } from "../src/index.ts";
import { findPty } from "../src/pty.ts";
import { env, eventually, isAlive, node, openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";
const texts = (lines: readonly { readonly text: string }[]): string[] => lines.map(({ text }) => text);

test("a notify probe is refused beside a terminal, on which it could not be heard", () => {
  const startup = { probe: { kind: "notify" } } as const;
  expect(() => openFleet([shell("web", forever, { tty: true, startup })])).toThrowError(/"web" .*terminal/);
});

test("only one with a terminal is asked whether terminals can be had", () => {
  const named = (name: string, tty: boolean): object => ({ name, command: "/bin/sh", env, tty });
  const issues = checkCommands([named("plain", false), named("fancy", true)] as Parameters<typeof checkCommands>[0]);
  expect(issues.map(({ name, code }) => [name, code])).toEqual(typeof findPty() === "string" ? [["fancy", "ENOTTY"]] : []);
});

describe.runIf(typeof findPty() !== "string")("a process with a terminal", () => {
  test("finds one at all its ends, with its size, a kind that has colours, and in the right folder", async () => {
    const program = `const { stdin, stdout, stderr } = process;
      console.log([stdin.isTTY, stdout.isTTY, stderr.isTTY, stdout.columns, stdout.rows, stdout.hasColors(), process.cwd(), process.env.MS_COOKIE !== undefined].join(" "));
      console.error("\\x1b[31mred\\x1b[0m");`;
    await using fleet = openFleet([node("web", program, { kind: "task", tty: true, cwd: "/" })]);
    await fleet.supervisor.start();
    expect(texts(fleet.lines)).toEqual(["true true true 120 40 true / true", "\x1b[31mred\x1b[0m"]);
    expect(fleet.lines.map(({ stream }) => stream)).toEqual(["stdout", "stdout"]);
  });

  test("ends with its own code or signal, and its last words are kept", async () => {
    await using fleet = openFleet([
      shell("code", "echo bye; exit 3", { tty: true, restart: { when: "never" } }),
      shell("signal", "kill -9 $$", { tty: true, restart: { when: "never" } }),
    ]);
    await fleet.supervisor.start();
    await fleet.until("code", "failed");
    await fleet.until("signal", "failed");
    const [code, signal] = ["code", "signal"].map((name) => fleet.supervisor.get(name).exits[0]);
    expect(code).toMatchObject({ code: 3, signal: null });
    expect(signal).toMatchObject({ code: null, signal: "SIGKILL" });
    await eventually("its last words", () => code?.lines[0] === "bye");
  });

  test("is stopped with its whole family: its group, what left its session, what was orphaned", async () => {
    const script = `echo leader $$; sleep 300 & echo group $!; setsid sleep 301 & (setsid sh -c 'echo orphan $$; exec sleep 302' &) ; wait`;
    await using fleet = openFleet([shell("web", script, { tty: true })]);
    await fleet.supervisor.start();
    await eventually("all of them", () => fleet.lines.length >= 3);
    const pids = texts(fleet.lines).map((text) => Number(text.split(" ")[1]));
    await fleet.supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(fleet.supervisor.get("web").exits[0]).toMatchObject({ requested: true, signal: "SIGTERM" });
  });

  test("that ignores its signal is killed when its grace is over", async () => {
    await using fleet = openFleet([
      shell("web", "trap '' TERM HUP; echo deaf; while :; do sleep 0.1; done", { tty: true, stop: { graceMs: 200 } }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/deaf/);
    await fleet.supervisor.stop();
    expect(fleet.supervisor.get("web")).toMatchObject({ state: "stopped" });
    expect(fleet.supervisor.get("web").exits[0]?.signal).toBe("SIGKILL");
  });

  test.skipIf(process.getuid?.() !== 0)(
    "does not start beside a terminal of another user, which it would inherit (for root only)",
    async () => {
      await using fleet = openFleet([
        shell("ours", forever, { tty: true }),
        shell("theirs", forever, { tty: true, user: 65_534, group: 65_534, essential: false }),
      ]);
      await fleet.supervisor.start(["ours"]);
      await fleet.supervisor.start(["theirs"]);
      await fleet.until("theirs", "backoff");
      expect(fleet.supervisor.get("theirs").reason).toMatch(/another user's is open/);
      await fleet.supervisor.stop(["ours"]);
      await fleet.until("theirs", "up");
    },
  );

  test("is restarted after a crash, with a new terminal, and leaves no descriptor of the old one", async () => {
    await using fleet = openFleet([shell("web", `echo on "$(tty)"; ${forever}`, { tty: true, restart: { stableMs: 0 } })]);
    await fleet.supervisor.start();
    const terminals = (): number => readdirSync("/proc/self/fd").filter((fd) => /pt(mx|s)/.test(linkOf(fd))).length;
    const again = fleet.event("started", ({ incarnation }) => incarnation === 4);
    for (let incarnation = 1; incarnation <= 3; incarnation++) {
      await eventually("its line", () => fleet.lines.length === incarnation);
      process.kill(fleet.supervisor.get("web").pid!, "SIGKILL");
      await eventually("the next one", () => fleet.supervisor.get("web").incarnation > incarnation && fleet.supervisor.get("web").pid);
    }
    await again;
    await fleet.supervisor.stop();
    if (process.platform === "linux") await eventually("no terminal left", () => terminals() === 0);
  });

  test("gives all of a flood to a sink that holds it up", async () => {
    const taken: string[] = [];
    let wake: (() => void) | undefined;
    const sink = {
      name: "slow",
      write: ({ text }: { readonly text: string }) => taken.push(text) % 1_000 !== 0,
      onDrain: (run: () => void) => {
        wake = run;
        setTimeout(() => wake?.(), 5);
      },
    };
    const program = `for (let at = 1; at <= 20000; at++) console.log("line " + at); setInterval(() => {}, 1000)`;
    await using fleet = openFleet([node("web", program, { tty: true })], {}, { sinks: [sink] });
    await fleet.supervisor.start();
    await eventually("the last line", () => taken.at(-1) === "line 20000");
    expect(taken.filter((text, at) => text !== `line ${at + 1}`)).toEqual([]);
    expect(fleet.supervisor.get("web").droppedLines).toBe(0);
  });

  test.runIf(process.platform === "linux")("keeps its terminal to itself: others do not inherit the other side", async () => {
    await using fleet = openFleet([
      shell("first", forever, { tty: true }),
      shell("second", `ls -l /proc/self/fd; echo done; ${forever}`, { dependsOn: ["first"] }),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/done/);
    expect(texts(fleet.lines).filter((text) => text.includes("ptmx"))).toEqual([]);
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // the one with which the folder was read
  }
}
