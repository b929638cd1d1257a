import { utimesSync, writeFileSync } from "node:fs";
import { FakeClock, gate, tempFolder } from "@mothership/testkit";
import { afterAll, describe, expect, test } from "vitest";
import { Root } from "../src/open-file.ts";
import { SmallFiles } from "../src/small-files.ts";

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());

function kept() {
  const clock = new FakeClock();
  const root = new Root(folder.path);
  const opened: string[] = [];
  let held: Promise<void> | undefined;
  const files = new SmallFiles(async (path) => {
    opened.push(path);
    await held;
    return root.open(path);
  }, clock);
  /** The content by name, or what it is instead. */
  const read = async (path: string): Promise<string> => {
    const found = await files.open(path);
    if (found.kind !== "file") return found.kind;
    if (!found.handle) return Buffer.from(found.bytes).toString();
    await found.handle.close();
    return "a handle";
  };
  const hold = (until: Promise<void> | undefined): void => {
    held = until;
  };
  return { clock, opened, read, hold };
}

describe("SmallFiles", () => {
  test("opens a file once a second, however often it is asked for", async () => {
    writeFileSync(folder.join("a.txt"), "a");
    const { clock, opened, read } = kept();
    for (let time = 0; time < 40; time++) {
      expect(await read("a.txt")).toBe("a");
      await clock.advance(100);
    }
    expect(opened).toHaveLength(4);
  });

  test("opens it once for all who ask at a time", async () => {
    writeFileSync(folder.join("b.txt"), "b");
    const { opened, read, hold } = kept();
    const open = gate();
    hold(open.opened);
    const asked = Array.from({ length: 50 }, () => read("b.txt"));
    open.open();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["b"]));
    expect(opened).toEqual(["b.txt"]);
  });

  test("keeps up to 64 KiB; who asks for a longer one has a handle of its own", async () => {
    writeFileSync(folder.join("most.bin"), Buffer.alloc(65_536, "x"));
    writeFileSync(folder.join("more.bin"), Buffer.alloc(65_537, "x"));
    const { opened, read } = kept();
    expect(await read("most.bin")).toBe("x".repeat(65_536));
    expect(await Promise.all([read("more.bin"), read("more.bin"), read("more.bin")])).toEqual(["a handle", "a handle", "a handle"]);
    await read("most.bin");
    expect(opened).toEqual(["most.bin", "more.bin", "more.bin", "more.bin"]);
  });

  test("keeps 16 MiB and 1,024 files, those that were asked for last", async () => {
    const { opened, read } = kept();
    const names = Array.from({ length: 300 }, (_, at) => `long-${at}.bin`);
    for (const name of names) writeFileSync(folder.join(name), Buffer.alloc(65_536));
    for (const name of names) await read(name);
    opened.length = 0;
    await read(names[299]!);
    await read(names[60]!);
    expect(opened).toEqual([]);
    await read(names[40]!);
    expect(opened).toEqual([names[40]]);

    const short = Array.from({ length: 1_200 }, (_, at) => `short-${at}.txt`);
    for (const name of short) writeFileSync(folder.join(name), "x");
    for (const name of short) await read(name);
    opened.length = 0;
    await read(short[1_199]!);
    await read(short[200]!);
    expect(opened).toEqual([]);
    await read(short[100]!);
    expect(opened).toEqual([short[100]]);
  });

  test("does not keep what is no file, nor what changes while it is read", async () => {
    const { opened, read } = kept();
    expect([await read("nothing"), await read("nothing")]).toEqual(["nothing", "nothing"]);
    expect(opened).toHaveLength(2);
    writeFileSync(folder.join("changing.txt"), "before");
    const root = new Root(folder.path);
    let times = 0;
    const files = new SmallFiles(async (path) => {
      times++;
      const found = await root.open(path);
      // After it was looked at, and before it is read.
      if (times === 1) writeFileSync(folder.join("changing.txt"), "and now longer");
      return found;
    }, new FakeClock());
    const first = await files.open("changing.txt");
    expect(first).toMatchObject({ kind: "file", handle: expect.anything() });
    if (first.kind === "file") await first.handle?.close();
    expect(await files.open("changing.txt")).toMatchObject({ size: 14, handle: undefined });
    expect(times).toBe(2);
  });

  test("does not keep what is replaced by as many other bytes while it is read", async () => {
    writeFileSync(folder.join("same.txt"), "one");
    utimesSync(folder.join("same.txt"), 1000, 1000);
    const root = new Root(folder.path);
    const files = new SmallFiles(async (path) => {
      const found = await root.open(path);
      writeFileSync(folder.join("same.txt"), "two");
      return found;
    }, new FakeClock());
    const first = await files.open("same.txt");
    expect(first).toMatchObject({ kind: "file", handle: expect.anything() });
    if (first.kind === "file") await first.handle?.close();
  });

  test("is as old as the look at it, however long that took", async () => {
    writeFileSync(folder.join("slow.txt"), "x");
    const { clock, opened, read, hold } = kept();
    const open = gate();
    hold(open.opened);
    const first = read("slow.txt");
    await clock.advance(999);
    open.open();
    await first;
    expect(await read("slow.txt")).toBe("x");
    expect(opened).toHaveLength(1);
    await clock.advance(1);
    await read("slow.txt");
    expect(opened).toHaveLength(2);
  });
});
