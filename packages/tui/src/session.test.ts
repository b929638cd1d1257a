import { type Deps, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { fleetOf, unitNumber } from "../test/fleet.ts";
import { LiteralControl } from "../test/literal-control.ts";
import { Session } from "./session.ts";
import { plainText } from "./text.ts";

const size = { columns: 80, rows: 24 };

interface Opened extends AsyncDisposable {
  readonly session: Session;
  readonly control: LiteralControl;
  readonly clock: FakeClock;
  /** Each drawing as text. */
  readonly screens: string[];
  readonly ends: unknown[];
  press(...names: string[]): void;
}

function open({
  control = new LiteralControl(fleetOf(12)),
  draw = (): void => undefined,
}: {
  control?: LiteralControl;
  draw?: () => void;
} = {}): Opened {
  const clock = new FakeClock();
  const deps: Deps = { clock, log: silentLogger };
  const screens: string[] = [];
  const ends: unknown[] = [];
  const session = new Session(control, deps, {
    draw: (lines) => {
      screens.push(lines.map(plainText).join("\n"));
      draw();
    },
    quit: () => ends.push("quit"),
    broken: (error) => ends.push(error),
  });
  session.begin(control.now, size);
  return {
    session,
    control,
    clock,
    screens,
    ends,
    press: (...names) => {
      for (const name of names) session.hear({ type: "key", key: { name, text: name.length === 1 ? name : "" } });
    },
    [Symbol.asyncDispose]: async () => {
      await session.end();
      expect(clock.pending).toBe(0);
    },
  };
}

function line(text: string) {
  return { name: "ship-0", stream: "stdout", at: 0, pid: 1, text, dropped: 0 } as const;
}

describe("Session", () => {
  test("draws at once, and once a second for the times it shows", async () => {
    await using tui = open();
    expect(tui.screens).toHaveLength(1);
    await tui.clock.advance(1900);
    expect(tui.screens).toHaveLength(2);
  });

  test("shows an event within a tenth of a second, and many events as one", async () => {
    await using tui = open();
    await tui.clock.advance(500);
    tui.screens.length = 0;
    for (let seq = 2; seq < 100; seq++) tui.control.events.push({ seq, at: 0, type: "unit", unit: { ...unitNumber(0), restarts: seq } });
    await tui.clock.advance(100);
    expect(tui.screens.length).toBeLessThanOrEqual(2);
    expect(tui.screens.at(-1)).toMatch(/ship-0 .* 99 /);
  });

  test("asks for memory and clients every two seconds", async () => {
    await using tui = open();
    tui.control.now = fleetOf(12, { units: [{ ...unitNumber(0), rssBytes: 777_000_000 }] });
    await tui.clock.advance(2100);
    expect(tui.screens.at(-1)).toContain("777 MB");
  });

  test("does what was confirmed and says how it went", async () => {
    await using tui = open();
    tui.control.restart = async (unit) => {
      throw new Error(`${unit} does not want to`);
    };
    tui.press("j", "s", "y");
    await tui.clock.advance(200);
    expect(tui.control.asked).toEqual(["stop ship-1"]);
    expect(tui.screens.at(-1)).toContain("ship-1: stop done");
    tui.press("r", "y");
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("ship-1: restart failed: ship-1 does not want to");
  });

  test("asks why a unit is in its state, and says so when there is no answer", async () => {
    await using tui = open();
    tui.press("G", "i");
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("| panic: no database");
    tui.control.now = fleetOf(1);
    tui.press("i");
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("there is no bay-11");
    tui.press("escape");
    await tui.clock.advance(20);
    expect(tui.screens.at(-1)).toContain("[ Overview ]");
  });

  test("reads logs only while they are looked at, and only of who is chosen when the list stands still", async () => {
    await using tui = open();
    await tui.clock.advance(1000);
    expect(tui.control.asked).toEqual([]);
    tui.press("2", "j", "j", "j");
    await tui.clock.advance(100);
    expect(tui.control.asked).toEqual(["logs ship-3"]);
    tui.control.lines.push(line("hello"));
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("hello");
    tui.press("1", "2");
    await tui.clock.advance(100);
    expect(tui.control.asked).toEqual(["logs ship-3", "logs ship-3"]);
  });

  test("takes no more lines in a time than it can, and draws ten times a second while they come", async () => {
    await using tui = open();
    // A source that always has another line: without a limit nothing else would ever run.
    let given = 0;
    tui.control.logs = async function* ({ signal } = {}) {
      while (!signal?.aborted) yield line(`flood ${given++}`);
    };
    tui.press("2");
    await tui.clock.advance(80);
    tui.screens.length = 0;
    const before = given;
    await tui.clock.advance(1000);
    expect(given - before).toBeLessThanOrEqual(41 * 500);
    expect(tui.screens.length).toBeGreaterThanOrEqual(9);
    expect(tui.screens.length).toBeLessThanOrEqual(11);
    tui.press("f");
    expect(tui.screens.at(-1)).toContain("standing still");
  });

  test("says why there are no logs", async () => {
    await using tui = open();
    tui.control.logs = () => {
      throw new Error("no such unit");
    };
    tui.press("2");
    await tui.clock.advance(300);
    expect(tui.screens.at(-1)).toContain("no logs: no such unit");
  });

  test("when the fleet ends it says so, keeps the lines it has, asks nothing more and waits for q", async () => {
    await using tui = open();
    tui.press("2");
    await tui.clock.advance(100);
    tui.control.lines.push(line("last words"));
    await tui.clock.advance(100);
    tui.control.events.end();
    tui.control.lines.end();
    tui.control.snapshot = () => Promise.reject(new Error("gone"));
    await tui.clock.advance(5000);
    expect(tui.screens.at(-1)).toContain("The fleet is gone: it has ended. Press q to leave.");
    expect(tui.screens.at(-1)).toContain("last words");
    tui.press("1", "2");
    await tui.clock.advance(100);
    expect(tui.screens.at(-1)).toContain("last words");
    expect(tui.ends).toEqual([]);
    tui.press("q");
    expect(tui.ends).toEqual(["quit"]);
  });

  test("when the connection breaks it says how", async () => {
    const control = new LiteralControl(fleetOf(1));
    control.watch = () => {
      throw new Error("the fleet ended the stream");
    };
    await using tui = open({ control });
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("The fleet is gone: the fleet ended the stream.");
  });

  test("asks again when events were lost", async () => {
    await using tui = open();
    tui.control.now = fleetOf(3, { seq: 1, status: "mayday" });
    tui.control.events.push({ seq: 50, at: 0, type: "dropped", count: 48 });
    await tui.clock.advance(200);
    expect(tui.screens.at(-1)).toContain("mayday");
  });

  test("an error of its own ends it once, and it says so", async () => {
    let broken = false;
    await using tui = open({
      draw: () => {
        if (broken) throw new Error("cannot draw");
      },
    });
    broken = true;
    await tui.clock.advance(5000);
    expect(tui.ends).toEqual([new Error("cannot draw")]);
    expect(tui.clock.pending).toBe(0);
  });

  test("ends when what it asked for has ended, and draws nothing meanwhile", async () => {
    const tui = open();
    const answer = Promise.withResolvers<void>();
    tui.control.restart = () => answer.promise;
    tui.press("r", "y");
    let ended = false;
    const ending = tui.session.end().then(() => {
      ended = true;
    });
    tui.screens.length = 0;
    tui.press("j");
    await tui.clock.advance(3000);
    expect([ended, tui.clock.pending, tui.screens]).toEqual([false, 0, []]);
    answer.resolve();
    await ending;
  });
});
