import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { silentLogger } from "@mothership/kernel";
import { FakeClock, settle } from "@mothership/testkit";
import { expect, test } from "vitest";
import type { LogSink } from "./contract.ts";
import type { LogLine } from "./lines.ts";
import { ProcessOutput } from "./output.ts";
import { ReadingTurns } from "./reading-turns.ts";
import { withDefaults } from "./spec.ts";

interface Bench {
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  readonly stdout: PassThrough;
  readonly closed: Promise<void>;
  exit(): void;
}

/** The output of a process whose pipes are ours. */
function bench(sinks: readonly LogSink[] = [], onFull: "drop" | "block" = "drop"): Bench {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const stdout = new PassThrough();
  // Of a child process the output looks at its two streams and its exit.
  const child = Object.assign(new EventEmitter(), { stdout, stderr: new PassThrough() }) as unknown as ChildProcess;
  const { log } = withDefaults({ name: "web", command: "web", env: {}, log: { onFull } });
  const output = new ProcessOutput("web", log, {
    clock,
    log: silentLogger,
    turns: new ReadingTurns(silentLogger),
    sinks,
    onLine: (line) => lines.push(line),
    onDropped: () => undefined,
  });
  return { clock, lines, stdout, closed: output.attach(child, 1), exit: () => child.emit("exit") };
}

const seen = (lines: readonly LogLine[]): [string, boolean][] => lines.map(({ text, continued }) => [text, continued]);

test("a line without its newline is given on 200 ms after its first byte", async () => {
  const { clock, lines, stdout } = bench();
  stdout.write(".");
  await clock.advance(150);
  stdout.write(".");
  await clock.advance(49);
  expect(lines).toEqual([]);
  await clock.advance(1);
  expect(seen(lines)).toEqual([["..", true]]);
  stdout.write("done\n");
  await settle();
  expect(seen(lines)).toEqual([
    ["..", true],
    ["done", false],
  ]);
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});

test("a line is not cut because a sink made us stop in the middle of it", async () => {
  let drain = (): void => undefined;
  const sink: LogSink = {
    name: "slow",
    write: () => false,
    onDrain: (run) => {
      drain = run;
    },
  };
  const { clock, lines, stdout } = bench([sink]);
  stdout.write("first\nsec");
  await settle();
  stdout.write("ond\n");
  await clock.advance(500);
  expect(seen(lines)).toEqual([["first", false]]);
  drain();
  await settle();
  expect(seen(lines)).toEqual([
    ["first", false],
    ["second", false],
  ]);
});

test("what a process printed before its end is read once the sink that held it up has room", async () => {
  let drain: (() => void) | undefined;
  const sink: LogSink = {
    name: "slow",
    write: () => drain !== undefined,
    onDrain: (run) => {
      drain = run;
    },
  };
  const { clock, lines, stdout, closed, exit } = bench([sink], "block");
  stdout.write("first\n");
  await settle();
  stdout.write("last\n");
  exit();
  await clock.advance(10_000);
  expect(seen(lines)).toEqual([["first", false]]);
  drain?.();
  await clock.advance(1_000);
  await closed;
  expect(seen(lines)).toEqual([
    ["first", false],
    ["last", false],
  ]);
});

test("pipes that something else holds open are left half a second after the process", async () => {
  const { clock, lines, stdout, closed, exit } = bench();
  stdout.write("last words");
  exit();
  await clock.advance(499);
  expect(stdout.destroyed).toBe(false);
  await clock.advance(1);
  await closed;
  expect(stdout.destroyed).toBe(true);
  expect(lines.map(({ text }) => text).join("")).toBe("last words");
});

test("a flood is read piece by piece, with everything else of the event loop between, and to its end after an exit", async () => {
  const { clock, lines, stdout, closed, exit } = bench();
  const piece = Buffer.from(`${"x".repeat(65_535)}\n`);
  for (let at = 0; at < 20; at++) stdout.write(piece);
  stdout.end();
  const seenPerTurn: number[] = [];
  const turn = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    seenPerTurn.push(lines.length);
  };
  for (let at = 0; at < 5; at++) await turn();
  expect(seenPerTurn.every((count, at) => count - (seenPerTurn[at - 1] ?? 0) <= 2)).toBe(true);
  exit();
  // Half a second after its end nothing more would be read of a process whose pipe is quiet.
  for (let at = 0; at < 200 && lines.length < 20; at++) {
    await turn();
    await clock.advance(100);
  }
  await clock.advance(1_000);
  await closed;
  expect(lines).toHaveLength(20);
  expect(lines.every(({ text }) => text.length === 65_535)).toBe(true);
});
