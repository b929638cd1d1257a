import { describe, expect, test } from "vitest";
import { answer, ask, bodyOf, code, fault } from "../../test/support/ask.ts";
import { bench, echoing, nativeGuest, type RequestParts, requestContext, responseContext } from "../../test/support/guests.ts";
import { payloadLimits } from "../limits.ts";
import type { Verdict } from "../verdict.ts";

describe("what a guest reads", () => {
  test("the request, with all that is known of it", async () => {
    const request: RequestParts = {
      method: "POST",
      path: "/a/b",
      query: "?x=1",
      fields: [
        ["Host", "example.com"],
        ["X-Two", "a"],
        ["x-two", "b"],
        ["Cookie", "c=1"],
        ["cookie", "d=2"],
        ["X-Latin", "caf\xe9"],
        ["__proto__", "field"],
      ],
    };
    const text = bodyOf(await ask(echoing("get_request", "read_request"), request));
    expect(JSON.parse(text)).toEqual({
      method: "POST",
      path: "/a/b",
      query: "x=1",
      headers: { host: "example.com", "x-two": "a, b", cookie: "c=1; d=2", "x-latin": "caf\xe9", ["__proto__"]: "field" },
      abi: 1,
      id: "r1",
      scheme: "https",
      host: "example.com",
      http_version: "1.1",
      bind: "http",
      client_ip: "192.0.2.1",
      client_port: 4711,
      tls: { version: "TLSv1.3", sni: "example.com" },
      ua_kind: "chromium",
      shield: null,
    });
    expect(text).toContain('"__proto__":"field"');
  });

  test("a request without a query has null there", async () => {
    expect(JSON.parse(bodyOf(await ask(echoing("get_request", "read_request")))).query).toBeNull();
  });

  test("the response, and of its request the method and path", async () => {
    const response = responseContext(418, [
      ["Set-Cookie", "a=1, b"],
      ["set-cookie", "c=2"],
      ["Server", "s"],
    ]);
    const text = bodyOf(await answer(echoing("get_response", "read_response"), response));
    expect(JSON.parse(text)).toEqual({
      status: 418,
      headers: { "set-cookie": "a=1, b\nc=2", server: "s" },
      abi: 1,
      id: "r1",
      request: { method: "POST", path: "/p" },
    });
    expect(JSON.parse(bodyOf(await answer(echoing("get_request", "read_request"))))).toMatchObject({ method: "POST", path: "/p" });
  });

  test("its configuration, an empty object if there is none, also while it starts", async () => {
    expect(bodyOf(await ask(echoing("get_config", "read_config")))).toBe("{}");
    expect(bodyOf(await ask(echoing("get_config", "read_config"), {}, { config: { ttl: "3600", ü: '"' } }))).toBe(
      '{"ttl":"3600","ü":"\\""}',
    );
    const early = nativeGuest(
      "(drop (call $set_block (i32.const 200) (i32.const 4096) (call $get_config)))",
      '(func (export "_initialize") (drop (call $read_config (i32.const 4096) (i32.const 100))))',
    );
    expect(bodyOf(await ask(early, {}, { config: { a: "b" } }))).toBe('{"a":"b"}');
  });

  test("as much as fits into its buffer", async () => {
    const cut = nativeGuest(`(local.set $n (call $read_request (i32.const 4096) (i32.const 10)))
      (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
    expect(bodyOf(await ask(cut))).toBe('{"method":');
  });

  test("the time, which stands still within a call, and random bytes, which do not", async () => {
    const { clock, open } = bench();
    const guest = nativeGuest(`(if (f64.ne (call $now_ms) (call $now_ms)) (then unreachable))
      (f64.store (i32.const 0) (call $now_ms)) (drop (call $random (i32.const 8) (i32.const 8)))
      (drop (call $set_block (i32.const 200) (i32.const 0) (i32.const 16)))`);
    const payload = await open(guest);
    const read = (): Buffer => {
      const { verdict } = payload.request!(requestContext());
      return verdict.action === "block" ? Buffer.from(verdict.block.body) : Buffer.alloc(0);
    };
    const first = read();
    expect(first.readDoubleLE(0)).toBe(clock.wallTime());
    await clock.advance(1500);
    const second = read();
    expect(second.readDoubleLE(0)).toBe(first.readDoubleLE(0) + 1500);
    expect(second.subarray(8).equals(first.subarray(8))).toBe(false);
  });
});

describe("what a guest decides", () => {
  const block = (status: number, body = "", headers: readonly (readonly [string, string])[] = []) => ({
    action: "block",
    block: { status, body: Buffer.from(body).subarray(), headers },
  });
  const comparable = (verdict: Verdict) =>
    verdict.action === "block" ? { ...verdict, block: { ...verdict.block, body: Buffer.from(verdict.block.body).subarray() } } : verdict;

  test("nothing, which lets the request pass as it is", async () => {
    expect(await ask(nativeGuest(""))).toEqual({ action: "continue", changes: { edits: [] } });
    expect(await ask(nativeGuest("(drop (call $set_action (i32.const 0)))"))).toEqual({ action: "continue", changes: { edits: [] } });
  });

  test("to block: 403 without a body, or with what it says", async () => {
    expect(comparable(await ask(nativeGuest("(drop (call $set_action (i32.const 1)))")))).toEqual(block(403));
    expect(comparable(await ask(nativeGuest("(drop (call $set_block (i32.const 429) {slow down}))")))).toEqual(block(429, "slow down"));
    const withHeaders = nativeGuest(
      '(drop (call $set_block_with_headers (i32.const 401) {who?} {<"WWW-Authenticate":"Basic","X-A":["1","2"]>}))',
    );
    expect(comparable(await ask(withHeaders))).toEqual(
      block(401, "who?", [
        ["WWW-Authenticate", "Basic"],
        ["X-A", "1"],
        ["X-A", "2"],
      ]),
    );
  });

  test("by what its function returns as well", async () => {
    const returning = (value: number): Uint8Array<ArrayBuffer> =>
      nativeGuest("", `(func (export "decide") (result i32) (drop (call $set_action (i32.const 0))) (i32.const ${value}))`);
    expect(comparable(await ask(returning(1), {}, { entry: "decide" }))).toEqual(block(403));
    expect(await ask(returning(0), {}, { entry: "decide" })).toMatchObject({ action: "continue" });
    expect(await ask(returning(2), {}, { entry: "decide" })).toEqual(fault("returned 2"));
  });

  test("the last word counts, and what it returns never undoes a block", async () => {
    const blockThenContinue = nativeGuest("(drop (call $set_block (i32.const 429) {x})) (drop (call $set_action (i32.const 0)))");
    expect(await ask(blockThenContinue)).toMatchObject({ action: "continue" });
    const continueThenBlock = nativeGuest("(drop (call $set_action (i32.const 0))) (drop (call $set_block (i32.const 429) {x}))");
    expect(await ask(continueThenBlock)).toMatchObject({ action: "block", block: { status: 429 } });
    const blockedButReturns0 = nativeGuest(
      "",
      '(func (export "decide") (result i32) (drop (call $set_block (i32.const 429) {x})) (i32.const 0))',
    );
    expect(await ask(blockedButReturns0, {}, { entry: "decide" })).toMatchObject({ action: "block", block: { status: 429 } });
  });

  test("leaves out framing from the headers of a block", async () => {
    const guest = nativeGuest(
      '(drop (call $set_block_with_headers (i32.const 200) {x} {<"Content-Length":"5","transfer-encoding":"chunked","A":"b">}))',
    );
    expect(await ask(guest)).toMatchObject({ block: { headers: [["A", "b"]] } });
  });

  test.each([
    ["an action that is none", "(drop (call $set_action (i32.const 2)))", "action 2"],
    ["a negative action", "(drop (call $set_action (i32.const -1)))", "action -1"],
    ["an informational status", "(drop (call $set_block (i32.const 101) {x}))", "status 101"],
    ["a status beyond all", "(drop (call $set_block (i32.const 600) {x}))", "status 600"],
    ["headers that are no JSON", "(drop (call $set_block_with_headers (i32.const 200) {x} {<no}))", "not valid JSON"],
    ["headers that are a list", "(drop (call $set_block_with_headers (i32.const 200) {x} {[1]}))", "no JSON object"],
    ["headers that are null", "(drop (call $set_block_with_headers (i32.const 200) {x} {null}))", "no JSON object"],
    ["a header that is a number", '(drop (call $set_block_with_headers (i32.const 200) {x} {<"a":1>}))', '"a" of a block is neither'],
    ["a header with a line break", '(drop (call $set_block_with_headers (i32.const 200) {x} {<"a":"b\\r\\nc: d">}))', "cannot be sent"],
    ["a header beyond latin-1", '(drop (call $set_block_with_headers (i32.const 200) {x} {<"a":"€">}))', "cannot be sent"],
    ["a name that is no token", '(drop (call $set_block_with_headers (i32.const 200) {x} {<"a b":"c">}))', "cannot be sent"],
    [
      "more headers than allowed",
      `(drop (call $set_block_with_headers (i32.const 200) {x} {<"a":[${'"x",'.repeat(64)}"x"]>}))`,
      "65 headers",
    ],
    [
      "too long a list of headers",
      "(drop (call $set_block_with_headers (i32.const 200) {x} (i32.const 0) (i32.const 65537)))",
      "65537 bytes",
    ],
    [
      "a body beyond the limit",
      "(drop (memory.grow (i32.const 100))) (drop (call $set_block (i32.const 200) (i32.const 0) (i32.const 1048577)))",
      "1048577",
    ],
    ["an abort of its runtime", "(call $abort (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 9))", "line 7, column 9"],
  ])("%s ends the call", async (_, code, reason) => {
    expect(await ask(nativeGuest(code))).toEqual(fault(reason));
  });

  test("a block of all that is allowed passes", async () => {
    const headers = `{<"a":[${Array.from({ length: payloadLimits.blockHeaders }, () => '"x"').join()}]>}`;
    const guest = nativeGuest(`(drop (memory.grow (i32.const 20)))
      (drop (call $set_block_with_headers (i32.const 599) (i32.const 0) (i32.const ${payloadLimits.blockBodyBytes}) ${headers}))`);
    const verdict = await ask(guest);
    expect(verdict.action === "block" && [verdict.block.body.length, verdict.block.headers.length]).toEqual([
      payloadLimits.blockBodyBytes,
      64,
    ]);
  });
});

describe("what a guest changes", () => {
  test.each([
    ["{/new}", { path: "/new" }],
    ["{/new?q=1}", { path: "/new", query: "?q=1" }],
    ["{/new?}", { path: "/new", query: "" }],
    ["{/a?b?c}", { path: "/a", query: "?b?c" }],
  ])("the path to %s", async (text, changes) => {
    expect(await ask(nativeGuest(`(drop (call $set_path ${text}))`), { query: "?old=1" })).toEqual({
      action: "continue",
      changes: { edits: [], ...changes },
    });
  });

  test.each([
    ["{new}", -2],
    ["{}", -2],
    ["{http://x/}", -2],
    ["{/a b}", -2],
    ["{/a#b}", -2],
    ["{/a\\b}", -2],
    ["{/a\r\nb}", -2],
    ["{/é}", -2],
    [`{/${"a".repeat(payloadLimits.pathBytes)}}`, -3],
    [`{/${"a".repeat(payloadLimits.pathBytes - 1)}}`, 0],
  ])("the path not to %s", async (text, expected) => {
    expect(await code(`(call $set_path ${text})`)).toBe(expected);
  });

  test("header fields, in the order of its calls", async () => {
    const guest = nativeGuest(`(drop (call $set_header {X-A} {1})) (drop (call $add_header {X-A} {2})) (drop (call $remove_header {X-B}))
      (drop (call $set_header {X-Latin} {é}))`);
    expect(await ask(guest, { fields: [["x-b", "old"]] })).toEqual({
      action: "continue",
      changes: {
        edits: [
          { kind: "set", name: "X-A", value: "1" },
          { kind: "add", name: "X-A", value: "2" },
          { kind: "remove", name: "X-B" },
          { kind: "set", name: "X-Latin", value: "é" },
        ],
      },
    });
  });

  test.each([
    ["(call $set_header {a} {b})", 0],
    ["(call $set_header {a} {})", 0],
    ["(call $set_header {} {b})", -2],
    ["(call $set_header {a b} {c})", -2],
    ["(call $set_header {a} {b\r\nc: d})", -2],
    ["(call $set_header {a} {b\0})", -2],
    ["(call $set_header {a} {€})", -2],
    ["(call $set_header {Content-Length} {5})", -2],
    ["(call $add_header {transfer-encoding} {chunked})", -2],
    ["(call $set_header {Connection} {close})", -2],
    ["(call $set_header {upgrade} {h2c})", -2],
    ["(call $set_header {Host} {other.example:8080})", 0],
    ["(call $set_header {Host} {[2001:db8::1]:80})", 0],
    ["(call $set_header {Host} {a/b})", -2],
    ["(call $add_header {Host} {other.example})", -2],
    ["(call $remove_header {Host})", -2],
    ["(call $remove_header {content-length})", -2],
    ["(call $remove_header {x-none})", -4],
    [`(call $set_header {a} (i32.const 0) (i32.const ${payloadLimits.headerValueBytes + 1}))`, -3],
  ])("%s answers %i", async (call, expected) => {
    expect(await code(call, { fields: [["Host", "example.com"]] })).toBe(expected);
  });

  test("no more fields than allowed", async () => {
    const many = (count: number): string =>
      `(block (result i32) (loop $l (drop (call $set_header {a} {b})) (br_if $l (i32.lt_u (local.tee $m (i32.add (local.get $m) (i32.const 1))) (i32.const ${count})))) (call $set_header {a} {b}))`;
    expect(await code(many(payloadLimits.headerEdits - 1))).toBe(0);
    expect(await code(many(payloadLimits.headerEdits))).toBe(-3);
  });

  test("of a response its fields, but neither path nor status", async () => {
    const guest = nativeGuest(`(if (i32.ne (call $set_path {/x}) (i32.const -1)) (then unreachable))
      (drop (call $set_header {X-Frame-Options} {DENY})) (drop (call $remove_header {server}))`);
    expect(await answer(guest, responseContext(200, [["Server", "s"]]))).toEqual({
      action: "continue",
      changes: {
        edits: [
          { kind: "set", name: "X-Frame-Options", value: "DENY" },
          { kind: "remove", name: "server" },
        ],
      },
    });
    expect(await answer(nativeGuest("(drop (call $set_block (i32.const 451) {no}))"))).toMatchObject({
      action: "block",
      block: { status: 451 },
    });
  });
});
