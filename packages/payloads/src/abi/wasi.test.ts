import { describe, expect, test } from "vitest";
import { bench, requestContext } from "../../test/support/guests.ts";
import { wat } from "../../test/support/wat.ts";
import { wasiStubs } from "./wasi.ts";

const wasi = (name: string, type: string): string => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type}))`;
const imports = [
  wasi("fd_write", "(param i32 i32 i32 i32) (result i32)"),
  wasi("clock_time_get", "(param i32 i64 i32) (result i32)"),
  wasi("random_get", "(param i32 i32) (result i32)"),
  wasi("environ_sizes_get", "(param i32 i32) (result i32)"),
  wasi("args_sizes_get", "(param i32 i32) (result i32)"),
  wasi("fd_fdstat_get", "(param i32 i32) (result i32)"),
  wasi("fd_prestat_get", "(param i32 i32) (result i32)"),
  wasi("proc_exit", "(param i32)"),
  wasi("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"),
  `(import "env" "set_block" (func $set_block (param i32 i32 i32) (result i32)))`,
].join("\n");

const guest = (code: string): Uint8Array<ArrayBuffer> =>
  wat(`(module ${imports} (memory (export "memory") 1)
    (data (i32.const 100) "one two") (data (i32.const 200) "\\64\\00\\00\\00\\03\\00\\00\\00\\68\\00\\00\\00\\03\\00\\00\\00")
    (func (export "on_request") (local $n i32) ${code}))`);

async function ask(code: string) {
  const { open, lines, clock } = bench();
  const payload = await open(guest(code));
  const { verdict } = payload.request!(requestContext());
  return { verdict, lines, clock };
}

/** Status 200 plus the error number that a call answered. */
const answering = (call: string): string => `(drop (call $set_block (i32.add (i32.const 200) ${call}) (i32.const 0) (i32.const 0)))`;

describe("WASI", () => {
  test("output goes to the log, standard error as a warning", async () => {
    const write = (descriptor: number): string =>
      `(if (call $fd_write (i32.const ${descriptor}) (i32.const 200) (i32.const 2) (i32.const 300)) (then unreachable))`;
    const { lines, verdict } = await ask(`${write(1)} ${write(2)} ${answering("(i32.load (i32.const 300))")}`);
    expect(lines.map(({ level, fields }) => [level, fields["text"]])).toEqual([
      ["info", "one"],
      ["info", "two"],
      ["warn", "one"],
      ["warn", "two"],
    ]);
    expect(verdict).toMatchObject({ block: { status: 206 } });
  });

  test.each([
    ["a file is not open", "(call $fd_write (i32.const 3) (i32.const 200) (i32.const 1) (i32.const 300))", 8],
    ["too many pieces are not written", "(call $fd_write (i32.const 1) (i32.const 200) (i32.const 65) (i32.const 300))", 28],
    ["no folder is open", "(call $fd_prestat_get (i32.const 3) (i32.const 300))", 8],
    [
      "nothing can be opened",
      "(call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))",
      52,
    ],
    ["standard output is there", "(call $fd_fdstat_get (i32.const 1) (i32.const 300))", 0],
    ["nothing else is", "(call $fd_fdstat_get (i32.const 3) (i32.const 300))", 8],
    ["there is no environment", "(i32.add (call $environ_sizes_get (i32.const 100) (i32.const 104)) (i32.load (i32.const 100)))", 0],
    ["there are no arguments", "(i32.add (call $args_sizes_get (i32.const 100) (i32.const 104)) (i32.load (i32.const 104)))", 0],
    ["random bytes are", "(call $random_get (i32.const 300) (i32.const 32))", 0],
  ])("%s", async (_, call, error) => {
    expect((await ask(answering(call))).verdict).toMatchObject({ block: { status: 200 + error } });
  });

  test("the clock tells the time of the call in nanoseconds", async () => {
    const { verdict, clock } = await ask(
      "(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 8))) (drop (call $set_block (i32.const 200) (i32.const 8) (i32.const 8)))",
    );
    expect(verdict.action === "block" && Buffer.from(verdict.block.body).readBigUInt64LE()).toBe(BigInt(clock.wallTime()) * 1_000_000n);
  });

  test("a program that ends in the middle of a request gives no verdict", async () => {
    expect((await ask("(call $proc_exit (i32.const 0))")).verdict).toMatchObject({
      failure: { kind: "fault", reason: "it ended its program with code 0" },
    });
  });

  test.each([
    "(drop (call $fd_write (i32.const 1) (i32.const 65530) (i32.const 1) (i32.const 300)))",
    "(drop (call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 65533)))",
    "(i32.store (i32.const 204) (i32.const -1)) (drop (call $fd_write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 300)))",
    "(drop (call $random_get (i32.const 65536) (i32.const 1)))",
    "(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 65529)))",
    "(drop (call $environ_sizes_get (i32.const 65533) (i32.const 0)))",
    "(drop (call $fd_fdstat_get (i32.const 1) (i32.const 65520)))",
  ])("pointers outside memory end the call: %s", async (code) => {
    expect((await ask(code)).verdict).toMatchObject({ failure: { kind: "fault", reason: expect.stringContaining("outside its memory") } });
  });

  test("all names of preview 1 can be imported", () => {
    // 45 functions, of which 15 have something behind them.
    expect(wasiStubs.size).toBe(31);
  });
});
