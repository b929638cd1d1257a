import { readFileSync } from "node:fs";
import { type LogFields, silentLogger } from "@mothership/kernel";
import type { AccessLog } from "@mothership/manifest";
import { eventually, FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { AccessSink, type StreamOutput } from "./access-sink.ts";

const stdout: AccessLog["to"] = { kind: "stream", stream: "stdout" };

function sinkTo(to: { now: AccessLog["to"] | undefined }, output?: StreamOutput) {
  const clock = new FakeClock();
  const warnings: (LogFields | undefined)[] = [];
  const dropped: number[] = [];
  const log = { ...silentLogger, warn: (_: string, fields?: LogFields) => void warnings.push(fields) };
  const sink = new AccessSink({ clock, log, target: () => to.now, output, onDropped: (lines) => dropped.push(lines) });
  return { clock, sink, warnings, dropped };
}

describe("where the access log goes", () => {
  test("lines that a stream has no room for are dropped, counted, and told of once a minute", async () => {
    const taken: string[] = [];
    let room = true;
    const { clock, sink, warnings, dropped } = sinkTo({ now: stdout }, (stream, text) => room && taken.push(`${stream} ${text}`) > 0);
    sink.write("a");
    room = false;
    for (const line of ["b", "c", "d"]) sink.write(line);
    sink.lost(10);
    expect(dropped).toEqual([1]);
    await clock.advance(60_000);
    sink.write("e");
    room = true;
    sink.write("f");
    expect(taken).toEqual(["stdout a\n", "stdout f\n"]);
    expect([dropped, warnings]).toEqual([
      [1, 13],
      [{ lines: 1 }, { lines: 13 }],
    ]);
    await sink.close();
    expect(dropped).toEqual([1, 13]);
  });

  test("changes with the manifest in force, and what was written before is in the file", async () => {
    using folder = tempFolder();
    const file = (name: string): AccessLog["to"] => ({
      kind: "file",
      path: folder.join(name),
      maxBytes: 4096,
      maxFiles: 1,
      compress: false,
    });
    const to: { now: AccessLog["to"] | undefined } = { now: file("a.log") };
    const { sink, dropped } = sinkTo(to);
    sink.write("one");
    // Another object that says the same is the same file.
    to.now = file("a.log");
    sink.write("two");
    to.now = file("b.log");
    sink.write("three");
    to.now = undefined;
    sink.write("nowhere");
    await sink.close();
    expect([readFileSync(folder.join("a.log"), "utf8"), readFileSync(folder.join("b.log"), "utf8")]).toEqual(["one\ntwo\n", "three\n"]);
    expect(dropped).toEqual([]);
  });

  test("a file that cannot be written is no reason to stop, and its lines are counted", async () => {
    const to = { now: { kind: "file", path: "/proc/nothing/access.log", maxBytes: 4096, maxFiles: 1, compress: false } as const };
    const { sink, dropped } = sinkTo(to);
    for (let n = 0; n < 5; n++) sink.write(`line ${n}`);
    await eventually("the count", () => dropped.length > 0);
    await sink.close();
    expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  test("a flood is bounded by what the file takes", async () => {
    using folder = tempFolder();
    const to = { now: { kind: "file", path: folder.join("a.log"), maxBytes: 2 ** 30, maxFiles: 1, compress: false } as const };
    const { sink, dropped } = sinkTo(to);
    const line = "x".repeat(1000);
    // All in one turn: the file has no chance to write.
    for (let n = 0; n < 10_000; n++) sink.write(line);
    await sink.close();
    const written = readFileSync(folder.join("a.log"), "utf8").split("\n").length - 1;
    expect(written).toBeLessThan(1000);
    expect(written + dropped.reduce((sum, count) => sum + count, 0)).toBe(10_000);
  });
});
