import { describe, expect, test } from "vitest";
import { header, moduleOf } from "../test/support/bytes.ts";
import { bench, httpWasmGuest, nativeGuest, requestContext, responseContext } from "../test/support/guests.ts";
import { wat } from "../test/support/wat.ts";
import { payloadLimits } from "./limits.ts";
import { Writer } from "./wasm/writer.ts";

const module = (text: string): Uint8Array<ArrayBuffer> => wat(`(module ${text})`);
const least = '(memory (export "memory") 1) (func (export "on_request"))';

describe("what is checked before a payload serves", () => {
  const { open } = bench();

  test.each([
    ["an unknown function", `(import "mothership" "open_file" (func)) ${least}`, '"mothership" "open_file" is not a function of this ABI'],
    ["an unknown module", `(import "fs" "get_request" (func (result i32))) ${least}`, '"fs" "get_request" is not a function of this ABI'],
    ["a name from Object.prototype", `(import "mothership" "toString" (func)) ${least}`, '"toString" is not a function'],
    ["a WASI function that is none", `(import "wasi_snapshot_preview1" "path_teleport" (func)) ${least}`, "path_teleport"],
    [
      "another type",
      `(import "env" "read_request" (func (param i32))) ${least}`,
      "is of type (i32) -> (), and should be (i32, i32) -> i32",
    ],
    ["a result that is left out", `(import "env" "get_request" (func)) ${least}`, "should be () -> i32"],
    ["a result of another type", `(import "env" "set_action" (func (param i32) (result i64))) ${least}`, "should be (i32) -> i32"],
    [
      "a missing entry",
      '(memory (export "memory") 1) (func (export "on_response"))',
      'the function "on_request" for the phase request; exported are "memory", "on_response"',
    ],
    ["an entry that is no function", '(memory (export "memory") 1) (export "on_request" (memory 0))', 'the function "on_request"'],
    [
      "an entry of another type",
      '(memory (export "memory") 1) (func (export "on_request") (param i32))',
      "(i32) -> (), and should be () -> () or () -> i32",
    ],
    ["memory that is not exported", '(memory 1) (func (export "on_request"))', 'export its memory as "memory"'],
    ["a memory that is a function", '(func (export "memory")) (func (export "on_request"))', 'export its memory as "memory"'],
    ["another version", `${least} (func (export "mothership_abi_2"))`, 'version "2" of the ABI, and this is 1'],
    ["a start function that is none", `${least} (export "_start" (memory 0))`, 'its export "_start" is not a function'],
    ["a start function with parameters", `${least} (func (export "_initialize") (param i32))`, '"_initialize" is of type (i32) -> ()'],
  ])("%s", async (_, text, message) => {
    await expect(open(module(text))).rejects.toMatchObject({
      code: "MS_PAYLOAD_INTERFACE",
      message: expect.stringContaining(message),
    });
  });

  test("all that is wrong, at once", async () => {
    const text = '(import "a" "b" (func)) (import "c" "d" (func)) (memory 1)';
    await expect(open(module(text))).rejects.toMatchObject({ problems: { length: 4 } });
  });

  test("without printing what a terminal would obey, nor without end", async () => {
    const text = Array.from({ length: 30 }, (_, index) => `(import "a" "\\1b[2J${"x".repeat(200)}${index}" (func))`).join("");
    const failure = open(module(`${text} ${least}`)).catch((error: Error) => error);
    const { message, problems } = (await failure) as Error & { readonly problems: readonly string[] };
    expect(problems).toHaveLength(21);
    expect(message).not.toContain("\u001b");
    expect(problems.at(-1)).toBe("10 more");
  });

  test("an entry of another name, if one is configured", async () => {
    const guest = nativeGuest("", '(func (export "filter") (drop (call $set_action (i32.const 1))))');
    const payload = await open(guest, { entry: "filter" });
    expect(payload.request!(requestContext()).verdict).toMatchObject({ action: "block" });
    await expect(open(guest, { entry: "none" })).rejects.toMatchObject({ message: expect.stringContaining('"none"') });
  });

  test("what C and Rust import from env, results left out, and version 1 are fine", async () => {
    const text = `(import "env" "set_action" (func (param i32))) (import "env" "log" (func (param i32 i32 i32)))
      (import "mothership" "random" (func (param i32 i32))) ${least} (func (export "mothership_abi_1"))`;
    expect((await open(module(text))).abi).toBe("native");
  });

  test.each([
    ["bytes that are none", Uint8Array.of(1, 2, 3), "MS_PAYLOAD_INVALID"],
    ["no bytes", new Uint8Array(0), "MS_PAYLOAD_INVALID"],
    ["a module that is not valid", moduleOf([3, [1, 0]]), "MS_PAYLOAD_INVALID"],
    ["a file over the limit", new Uint8Array(payloadLimits.fileBytes + 1), "MS_PAYLOAD_REFUSED"],
    ["too much memory", module('(memory (export "memory") 257) (func (export "on_request"))'), "MS_PAYLOAD_REFUSED"],
    ["imported memory", module('(import "env" "memory" (memory 1)) (func (export "on_request"))'), "MS_PAYLOAD_REFUSED"],
    ["a guest of proxy-wasm", module(`${least} (func (export "proxy_abi_version_0_2_1"))`), "MS_PAYLOAD_REFUSED"],
  ])("%s", async (_, bytes, code) => {
    await expect(open(bytes)).rejects.toMatchObject({ code });
  });

  test("proxy-wasm is refused by name, whatever ABI is configured", async () => {
    const guest = module(`${least} (func (export "proxy_abi_version_0_2_0"))`);
    for (const abi of ["auto", "native", "http-wasm"] as const)
      await expect(open(guest, { abi })).rejects.toMatchObject({ feature: "the proxy-wasm ABI" });
  });

  test("memory up to what is configured", async () => {
    const guest = module('(memory (export "memory") 257) (func (export "on_request"))');
    expect((await open(guest, { memoryBytes: 257 * 65_536 })).stats.memoryBytes).toBe(257 * 65_536);
  });

  test.each([
    ["fuel", 0],
    ["fuel", 1_000_000_001],
    ["fuel", 1000.5],
    ["startFuel", -1],
    ["memoryBytes", 64 * 1024 * 1024 + 1],
    ["maxBodyBytes", Number.NaN],
    ["maxInstances", 0],
  ] as const)("that %s is not %d", async (key, value) => {
    await expect(open(module(least), { [key]: value })).rejects.toMatchObject({
      code: "MS_PAYLOAD_SPEC",
      message: expect.stringContaining(key),
    });
  });

  test("that it is not larger than the engine takes, once it is metered", async () => {
    const grow = [0x41, 0, 0x40, 0, 0x1a];
    const body = new Writer().u32(0);
    for (let count = 0; count < 450_000; count++) body.copy(Uint8Array.from(grow));
    const bytes = new Writer()
      .copy(header)
      .section(1, Uint8Array.of(1, 0x60, 0, 0))
      .section(3, Uint8Array.of(1, 0))
      .section(5, Uint8Array.of(1, 0, 1))
      .section(7, Uint8Array.from([2, 10, ...Buffer.from("on_request"), 0, 0, 6, ...Buffer.from("memory"), 2, 0]))
      .section(
        10,
        new Writer()
          .u32(1)
          .u32(body.length + 1)
          .copy(body.done())
          .byte(0x0b)
          .done(),
      )
      .done()
      .slice();
    await expect(open(bytes)).rejects.toMatchObject({
      code: "MS_PAYLOAD_REFUSED",
      message: expect.stringContaining("maximum function size"),
    });
  });

  test("which ABI it speaks", async () => {
    expect((await open(httpWasmGuest(""))).abi).toBe("http-wasm");
    expect((await open(module(least))).abi).toBe("native");
    await expect(open(httpWasmGuest(""), { abi: "native" })).rejects.toMatchObject({ code: "MS_PAYLOAD_INTERFACE" });
    await expect(open(module(least), { abi: "http-wasm" })).rejects.toMatchObject({ code: "MS_PAYLOAD_INTERFACE" });
    await expect(open(httpWasmGuest(""), { phase: "response" })).rejects.toMatchObject({ message: expect.stringContaining("sees both") });
  });
});

describe("the start of a guest", () => {
  const { open } = bench();

  test.each([
    ["traps in its start function", `(func $s unreachable) (start $s) ${least}`, "unreachable"],
    ["traps in _initialize", `(func (export "_initialize") unreachable) ${least}`, "unreachable"],
    ["traps in _start", `(func (export "_start") unreachable) ${least}`, "unreachable"],
    ["never ends", `(func $s (loop $l (br $l))) (start $s) ${least}`, "fuel"],
    ["never returns", `(func $s (call $s)) (start $s) ${least}`, /stack|fuel/],
    [
      "decides about a request",
      `(import "env" "set_action" (func $a (param i32))) (func $s (call $a (i32.const 1))) (start $s) ${least}`,
      "while there is none",
    ],
    [
      "exits with an error",
      `(import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32))) (func (export "_start") (call $e (i32.const 3))) ${least}`,
      "code 3",
    ],
    ["has data outside its memory", `(data (i32.const 65536) "x") ${least}`, "data segment"],
  ])("that %s fails, and says so", async (_, text, reason) => {
    await expect(open(module(text), { startFuel: 1_000_000 })).rejects.toMatchObject({
      code: "MS_PAYLOAD_START",
      message: expect.stringMatching(reason),
    });
  });

  test("runs once, _initialize before _start, and the start function before both", async () => {
    const { lines, open } = bench();
    const say = (text: string): string => `(drop (call $log (i32.const 2) {${text}}))`;
    const guest = nativeGuest(
      say("call"),
      `(func $s ${say("start function")}) (start $s) (func (export "_initialize") ${say("_initialize")}) (func (export "_start") ${say("_start")})`,
    );
    const payload = await open(guest);
    payload.request!(requestContext());
    payload.request!(requestContext());
    expect(lines.map(({ fields }) => fields["text"])).toEqual(["start function", "_initialize", "call", "call"]);
    expect(lines[0]!.fields).not.toHaveProperty("requestId");
  });

  test("may end with exit code 0", async () => {
    const text = `(import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32))) (func (export "_start") (call $e (i32.const 0))) ${least}`;
    expect((await open(module(text))).stats.instances).toBe(1);
  });

  test("asks for no request, and gets none", async () => {
    const guest = nativeGuest(
      "",
      `(func (export "_initialize")
        (if (i32.ne (call $get_request) (i32.const -1)) (then unreachable)) (if (i32.ne (call $get_response) (i32.const -1)) (then unreachable))
        (if (i32.ne (call $get_body) (i32.const -1)) (then unreachable)) (if (i32.ne (call $set_path {/}) (i32.const -1)) (then unreachable))
        (if (i32.ne (call $set_header {a} {b}) (i32.const -1)) (then unreachable)) (if (f64.eq (call $now_ms) (f64.const 0)) (then unreachable)))`,
    );
    expect((await open(guest, { body: true })).stats.instances).toBe(1);
  });
});

describe("the life of an instance", () => {
  /** Counts its calls in memory and blocks with that; traps when the path is /trap, loops when it is /loop. */
  const counting = nativeGuest(`(i32.store8 (i32.const 1024) (i32.add (i32.load8_u (i32.const 1024)) (i32.const 1)))
    (drop (call $read_request (i32.const 4096) (i32.const 40)))
    (if (i32.eq (i32.load8_u (i32.const 4121)) (i32.const 116)) (then unreachable))
    (if (i32.eq (i32.load8_u (i32.const 4121)) (i32.const 108)) (then (loop $l (br $l))))
    (if (i32.eq (i32.load8_u (i32.const 4121)) (i32.const 103)) (then (drop (memory.grow (i32.const 12)))))
    (drop (call $set_block (i32.add (i32.const 200) (i32.load8_u (i32.const 1024))) (i32.const 0) (i32.const 0)))`);

  async function counter() {
    const { clock, open } = bench();
    const payload = await open(counting, { memoryBytes: 16 * 65_536, fuel: 100_000 });
    const call = (path: string): number | string => {
      const { verdict } = payload.request!(requestContext({ path }));
      return verdict.action === "block" ? verdict.block.status - 200 : verdict.action === "fail" ? verdict.failure.kind : "continue";
    };
    return { clock, payload, call };
  }

  test("one serves all calls, until one of them fails", async () => {
    const { call, payload } = await counter();
    expect([call("/"), call("/"), call("/trap"), call("/"), call("/"), call("/loop"), call("/")]).toEqual([1, 2, "trap", 1, 2, "fuel", 1]);
    expect(payload.stats).toMatchObject({ calls: 7, blocks: 5, failures: { trap: 1, fuel: 1, fault: 0 }, instances: 1, state: "serving" });
  });

  test("one whose memory has grown to three quarters is replaced, at no cost to anybody", async () => {
    const { call, payload } = await counter();
    expect([call("/"), call("/grow"), call("/"), call("/")]).toEqual([1, 2, 1, 2]);
    expect(payload.stats).toMatchObject({ recycled: 1, instances: 1 });
  });

  test("too many exhaustions put the payload into quarantine, and a call that ends well takes it out", async () => {
    const { call, clock, payload } = await counter();
    expect([call("/loop"), call("/loop"), call("/"), call("/loop"), call("/")]).toEqual(["fuel", "fuel", 1, "fuel", "quarantined"]);
    expect(payload.stats).toMatchObject({ state: "quarantined", quarantines: 1, lastFailure: { kind: "quarantined", retryAfterMs: 100 } });
    await clock.advance(100);
    expect([call("/loop"), call("/")]).toEqual(["fuel", "quarantined"]);
    await clock.advance(199);
    expect(call("/")).toBe("quarantined");
    await clock.advance(1);
    expect([call("/"), call("/")]).toEqual([1, 2]);
    expect(payload.stats.state).toBe("serving");
  });

  test("instances with large memories are not thrown away without end", async () => {
    const { clock, open } = bench();
    const guest = nativeGuest("(drop (memory.grow (i32.const 255))) unreachable");
    const payload = await open(guest);
    const kinds: string[] = [];
    for (let count = 0; count < 9; count++) {
      const { verdict } = payload.request!(requestContext());
      kinds.push(verdict.action === "fail" ? verdict.failure.kind : verdict.action);
    }
    expect(kinds).toEqual(["trap", "trap", "trap", "trap", "trap", "busy", "busy", "busy", "busy"]);
    await clock.advance(600);
    expect(payload.request!(requestContext()).verdict).toMatchObject({ failure: { kind: "trap" } });
  });

  test("a guest that fails to start again is a failure like any other", async () => {
    const { clock, open } = bench();
    // Starts well while the hidden clock says it is early.
    const guest = nativeGuest(
      "unreachable",
      `(func (export "_initialize") (if (f64.gt (call $now_ms) (f64.const ${clock.wallTime()})) (then (loop $l (br $l)))))`,
    );
    const payload = await open(guest, { fuel: 100_000 });
    expect(payload.request!(requestContext()).verdict).toMatchObject({ failure: { kind: "trap" } });
    await clock.advance(1);
    expect(payload.request!(requestContext()).verdict).toMatchObject({
      failure: { kind: "fuel", reason: expect.stringContaining("while it started") },
    });
    expect(payload.stats.instances).toBe(0);
  });

  test("an instance that takes far longer to start than the first one is given up", async () => {
    const { clock, open } = bench();
    const guest = nativeGuest(
      "unreachable",
      `(func (export "_initialize") (local $n i32) (if (f64.gt (call $now_ms) (f64.const ${clock.wallTime()})) (then
        (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 50000)))))))`,
    );
    const payload = await open(guest, { fuel: 100_000, startFuel: 10_000_000 });
    expect(payload.request!(requestContext()).verdict).toMatchObject({ failure: { kind: "trap" } });
    await clock.advance(1);
    expect(payload.request!(requestContext()).verdict).toMatchObject({ failure: { kind: "fuel" } });
  });

  test("a stack that overflows is a trap", async () => {
    const { open } = bench();
    const payload = await open(nativeGuest("", '(func $deep (export "deep") (call $deep) (drop (i32.const 0)))'), { entry: "deep" });
    expect(payload.request!(requestContext()).verdict).toMatchObject({
      action: "fail",
      failure: { kind: "trap", reason: expect.stringContaining("call stack") },
    });
  });

  test("what one call set and did not finish is not there in the next", async () => {
    const { open } = bench();
    const guest = nativeGuest(`(drop (call $read_request (i32.const 4096) (i32.const 40)))
      (if (i32.eq (i32.load8_u (i32.const 4121)) (i32.const 116)) (then (drop (call $set_header {x} {y})) (drop (call $set_path {/z})) unreachable))`);
    const payload = await open(guest);
    expect(payload.request!(requestContext({ path: "/trap" })).verdict.action).toBe("fail");
    expect(payload.request!(requestContext({ path: "/" })).verdict).toEqual({ action: "continue", changes: { edits: [] } });
  });

  test("time and fuel of calls are counted", async () => {
    const { call, payload } = await counter();
    call("/");
    const { totalFuel, maxFuel, totalMs } = payload.stats;
    expect(totalFuel).toBe(maxFuel);
    expect(maxFuel).toBeGreaterThan(100);
    expect(totalMs).toBe(0);
  });

  test("a response guest keeps its instance as well", async () => {
    const { open } = bench();
    const payload = await open(counting, { phase: "response" });
    expect(payload.request).toBeUndefined();
    expect(payload.response!(requestContext({ path: "/" }), responseContext())).toMatchObject({ block: { status: 201 } });
    expect(payload.response!(requestContext({ path: "/" }), responseContext())).toMatchObject({ block: { status: 202 } });
  });
});
