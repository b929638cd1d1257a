import { describe, expect, test } from "vitest";
import { bench, httpWasmGuest, nativeGuest } from "../test/support/guests.ts";
import { wat } from "../test/support/wat.ts";
import { inspectModule } from "./inspect.ts";
import { runOnce } from "./run-once.ts";

describe("inspectModule", () => {
  test("tells imports, exports, phases, memory and costs", () => {
    const bytes =
      wat(`(module (import "mothership" "log" (func $log (param i32 i32 i32) (result i32))) (import "env" "fetch" (func (param i64)))
      (memory (export "memory") 2 10) (global (export "g") i32 (i32.const 1)) (func $s) (start $s) (func (export "_initialize"))
      (func (export "on_response") (result i32) (loop $l (br_if $l (i32.const 0))) (i32.const 0)))`);
    expect(inspectModule(bytes)).toEqual({
      abi: "native",
      imports: [
        { module: "mothership", name: "log", kind: "function", signature: "(i32, i32, i32) -> i32", problem: undefined },
        {
          module: "env",
          name: "fetch",
          kind: "function",
          signature: "(i64) -> ()",
          problem: 'import "env" "fetch" is not a function of this ABI',
        },
      ],
      exports: [
        { name: "memory", kind: "memory", signature: undefined },
        { name: "g", kind: "global", signature: undefined },
        { name: "_initialize", kind: "function", signature: "() -> ()" },
        { name: "on_response", kind: "function", signature: "() -> i32" },
      ],
      phases: ["response"],
      memoryBytes: { initial: 131_072, maximum: 655_360 },
      startFunctions: ["(start)", "_initialize"],
      costs: { bytes: bytes.length, meteredBytes: expect.any(Number), functions: 3, loops: 1, dearestRegion: 4 },
      problems: ['import "env" "fetch" is not a function of this ABI'],
    });
  });

  test("finds no fault with guests that fit, of either ABI", () => {
    expect(inspectModule(nativeGuest(""))).toMatchObject({ abi: "native", phases: ["request", "response"], problems: [] });
    expect(inspectModule(httpWasmGuest(""))).toMatchObject({ abi: "http-wasm", phases: ["request"], problems: [] });
    expect(inspectModule(nativeGuest("")).memoryBytes).toEqual({ initial: 65_536, maximum: undefined });
  });

  test("names what is missing, and proxy-wasm", () => {
    expect(inspectModule(wat('(module (func (export "main")))'))).toMatchObject({
      phases: [],
      problems: ['it does not export its memory as "memory"', expect.stringContaining('"on_request"')],
    });
    expect(inspectModule(wat('(module (func (export "proxy_abi_version_0_2_1")))'))).toMatchObject({
      abi: "proxy-wasm",
      problems: ["guests of proxy-wasm are not offered yet"],
    });
  });
});

describe("runOnce", () => {
  const spec = { name: "trial", phase: "request", routes: [] } as const;

  test("asks a payload about a request", async () => {
    const guest = nativeGuest(`(local.set $n (call $read_request (i32.const 4096) (i32.const 4000)))
      (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
    const input = { method: "POST", path: "/a?b", headers: { Host: "example.com", "X-A": ["1", "2"] }, clientIp: "198.51.100.7" };
    const { request, response, stats } = await runOnce(spec, guest, input, bench().deps);
    expect(request?.action === "block" && JSON.parse(Buffer.from(request.block.body).toString())).toMatchObject({
      method: "POST",
      path: "/a",
      query: "b",
      host: "example.com",
      headers: { host: "example.com", "x-a": "1, 2" },
      client_ip: "198.51.100.7",
    });
    expect([response, stats.calls, stats.blocks]).toEqual([undefined, 1, 1]);
    expect(stats.maxFuel).toBeGreaterThan(0);
  });

  test("asks about the response too, of either ABI", async () => {
    const native = nativeGuest("(drop (call $add_header {x} {y}))");
    const input = { response: { status: 404, headers: { Server: "s" }, body: "text" } };
    expect(await runOnce({ ...spec, phase: "response" }, native, input, bench().deps)).toMatchObject({
      request: undefined,
      response: { action: "continue", changes: { edits: [{ kind: "add", name: "x", value: "y" }] } },
    });
    const http = httpWasmGuest("", "(if (i32.ne (call $get_status_code) (i32.const 404)) (then unreachable))");
    expect(await runOnce(spec, http, input, bench().deps)).toMatchObject({
      request: { action: "continue" },
      response: { action: "continue" },
    });
    const trap = await runOnce(spec, nativeGuest("unreachable"), {}, bench().deps);
    expect(trap.request).toMatchObject({ action: "fail", failure: { kind: "trap" } });
  });

  test("shows bodies where the payload may see them", async () => {
    const guest = nativeGuest("(if (i32.ne (call $get_body) (i32.const 4)) (then unreachable))");
    expect(await runOnce({ ...spec, body: true }, guest, { body: "text" }, bench().deps)).toMatchObject({
      request: { action: "continue" },
    });
    const response = await runOnce({ ...spec, body: true, phase: "response" }, guest, { response: { body: "text" } }, bench().deps);
    expect(response).toMatchObject({ response: { action: "continue" } });
  });

  test("refuses what could not be a request", async () => {
    await expect(runOnce(spec, nativeGuest(""), { path: "no slash" }, bench().deps)).rejects.toMatchObject({ code: "MS_PAYLOAD_SPEC" });
    await expect(runOnce(spec, nativeGuest(""), { headers: { "a b": "c" } }, bench().deps)).rejects.toMatchObject({
      code: "MS_FIELD_INVALID",
    });
  });
});
