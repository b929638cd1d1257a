import { readdirSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { gate, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { LogLine, LogSink } from "../src/index.ts";
import { collect, eventually, node, openFleet, shell } from "./support.ts";

const forever = "exec sleep 300";
const counting = (count: number): string =>
  `for (let i = 1; i <= ${count}; i++) process.stdout.write("line " + String(i).padStart(94, "0") + "\\n"); setInterval(() => {}, 1000);`;

/** What the counting process counted, from the pieces in which it came: one may be cut where the process was slow. */
function numbersOf(lines: readonly LogLine[]): number[] {
  const text = lines.map((line) => (line.continued ? line.text : `${line.text}\n`)).join("");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.slice(5)));
}

/** A sink that is full after so many lines, until it is opened. */
function slowSink(room: number): LogSink & { readonly taken: LogLine[]; open(): void } {
  const taken: LogLine[] = [];
  let waiting: (() => void)[] = [];
  let full = true;
  return {
    name: "slow",
    taken,
    write: (line) => taken.push(line) < room || !full,
    onDrain: (run) => void waiting.push(run),
    open: () => {
      full = false;
      const now = waiting;
      waiting = [];
      for (const run of now) run();
    },
  };
}

describe("a sink that is full", () => {
  test("holds the process up, and nothing is lost when it has room in time", async () => {
    const sink = slowSink(10);
    await using fleet = openFleet([node("web", counting(20_000))], {}, { sinks: [sink] });
    await fleet.supervisor.start();
    await eventually("a full sink", () => sink.taken.length >= 10);
    const held = sink.taken.length;
    sink.open();
    await eventually("all lines", () => sink.taken.at(-1)?.text.endsWith("020000"));
    expect(held).toBeLessThan(20_000);
    expect(numbersOf(sink.taken)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    expect(fleet.supervisor.get("web").droppedLines).toBe(0);
  });

  test("process-compose#57: loses lines after a second, counted, while memory and the process go on", async () => {
    const sink = slowSink(10);
    await using fleet = openFleet([node("web", counting(20_000))], {}, { sinks: [sink] });
    await fleet.supervisor.start();
    const dropped = fleet.event("linesDropped");
    await eventually("the last line in memory", () => fleet.lines.at(-1)?.text.endsWith("020000"));
    expect(await dropped).toMatchObject({ name: "web", sink: "slow", reason: "the sink is full" });
    const { droppedLines } = fleet.supervisor.get("web");
    expect(droppedLines + sink.taken.length).toBe(fleet.lines.length);
  });

  test("blocks the process for as long as it wants when that was asked for", async () => {
    const sink = slowSink(10);
    await using fleet = openFleet([node("web", counting(20_000), { log: { onFull: "block" } })], {}, { sinks: [sink] });
    await fleet.supervisor.start();
    await eventually("a full sink", () => sink.taken.length >= 10);
    await fleet.supervisor.stop();
    expect(fleet.lines.length).toBeLessThan(20_000);
    sink.open();
    await fleet.supervisor.close();
    // What was printed before the end was read, after the sink had room again.
    expect(sink.taken).toHaveLength(fleet.lines.length);
  });
});

describe("closing", () => {
  test("is not held up by a sink that stays full", async () => {
    await using fleet = openFleet([node("web", counting(20_000), { log: { onFull: "block" } })], {}, { sinks: [slowSink(10)] });
    await fleet.supervisor.start();
    await eventually("a full sink", () => fleet.lines.length >= 10);
    await fleet.supervisor.close({ signal: AbortSignal.timeout(300) });
    expect(fleet.lines.length).toBeLessThan(20_000);
  });
});

describe("a reader of the log", () => {
  test("gets the kept lines, then those that come, and ends with its signal", async () => {
    await using fleet = openFleet([shell("web", `echo one; echo two; trap 'echo three' USR1; while :; do sleep 0.02; done`)]);
    await fleet.supervisor.start();
    await fleet.line(/two/);
    const ending = new AbortController();
    const seen: string[] = [];
    const kept = gate();
    const reading = (async () => {
      for await (const { text } of fleet.supervisor.logs("web", { tail: 1, signal: ending.signal })) {
        seen.push(text);
        if (text === "two") kept.open();
        if (text === "three") ending.abort();
      }
    })();
    await kept.opened;
    fleet.supervisor.signal("web", "SIGUSR1");
    await reading;
    expect(seen).toEqual(["two", "three"]);
  });

  test("ends when the supervisor is closed", async () => {
    await using fleet = openFleet([shell("web", `echo one; ${forever}`)]);
    await fleet.supervisor.start();
    await fleet.line(/one/);
    const reading = collect(fleet.supervisor.logs("web"));
    await fleet.supervisor.close();
    expect((await reading).map(({ text }) => text)).toEqual(["one"]);
  });
});

describe("a log file", () => {
  test("is renamed when it is full, packed, and never more than was asked for", async () => {
    using folder = tempFolder();
    const path = folder.join("logs", "web.log");
    await using fleet = openFleet([node("web", counting(150_000), { log: { file: { path, maxBytes: 50_000, maxFiles: 3 } } })]);
    await fleet.supervisor.start();
    await eventually("the last line", () => fleet.lines.at(-1)?.text.endsWith("150000"));
    await fleet.supervisor.close();
    const names = readdirSync(folder.join("logs")).toSorted();
    expect(names).toEqual(["web.log", "web.log.1.gz", "web.log.2.gz", "web.log.3.gz"]);
    const texts = ["web.log.3.gz", "web.log.2.gz", "web.log.1.gz"].map((name) =>
      gunzipSync(readFileSync(folder.join("logs", name))).toString(),
    );
    const lines = [...texts, readFileSync(path, "utf8")].join("").trimEnd().split("\n");
    // Consecutive up to the last one: no line fell into a gap between two files.
    const numbers = lines.map((line) => Number(line.slice(5)));
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 150_000 - numbers.length + 1 + index));
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  test("keeps the bytes as they came", async () => {
    using folder = tempFolder();
    const path = folder.join("web.log");
    await using fleet = openFleet([shell("web", "printf 'caf\\351\\n'", { kind: "task", log: { file: { path } } })]);
    await fleet.supervisor.start();
    await fleet.supervisor.close();
    expect(readFileSync(path)).toEqual(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x0a]));
    expect(fleet.lines[0]!.text).toBe("caf\ufffd");
  });

  test("can be opened anew after somebody has renamed it", async () => {
    using folder = tempFolder();
    const path = folder.join("web.log");
    await using fleet = openFleet([
      shell("web", "echo one; trap 'echo two' USR1; while :; do sleep 0.02; done", { log: { file: { path } } }),
    ]);
    await fleet.supervisor.start();
    await eventually("the first line", () => readFileSync(path, "utf8") === "one\n");
    renameSync(path, folder.join("old.log"));
    fleet.supervisor.reopenLogFiles();
    fleet.supervisor.signal("web", "SIGUSR1");
    await eventually("the second line", () => readFileSync(path, "utf8") === "two\n");
    expect(readFileSync(folder.join("old.log"), "utf8")).toBe("one\n");
  });

  test.runIf(process.platform === "linux")("whose folder cannot be made loses its lines, counted, and holds nothing up", async () => {
    const path = "/proc/nowhere/deep/web.log";
    await using fleet = openFleet([shell("web", `echo one; ${forever}`, { log: { file: { path } } })]);
    await fleet.supervisor.start();
    expect(await fleet.event("linesDropped")).toMatchObject({ count: 1, sink: path });
    await fleet.supervisor.close();
    expect(fleet.supervisor.get("web").droppedLines).toBe(1);
  });

  test.runIf(process.platform === "linux")("on a full disk loses its lines, counted and told once, while the process goes on", async () => {
    using folder = tempFolder();
    const path = folder.join("web.log");
    symlinkSync("/dev/full", path);
    await using fleet = openFleet([node("web", counting(5_000), { log: { file: { path } } })]);
    await fleet.supervisor.start();
    const { reason } = await fleet.event("linesDropped");
    expect(reason).toMatch(/ENOSPC/);
    await eventually("the last line", () => fleet.lines.at(-1)?.text.endsWith("005000"));
    await fleet.supervisor.close();
    expect(fleet.supervisor.get("web").droppedLines).toBe(fleet.lines.length);
  });
});
