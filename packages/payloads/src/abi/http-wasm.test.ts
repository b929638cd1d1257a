import { describe, expect, test } from "vitest";
import { bench, httpWasmGuest, type RequestParts, requestContext, responseContext } from "../../test/support/guests.ts";
import type { PayloadSpec } from "../spec.ts";
import type { Verdict } from "../verdict.ts";
import { httpWasmFunctions } from "./http-wasm-functions.ts";

/** Blocks with what a getter with a buffer gives. */
const echo = (getter: string): string => `(local.set $l (call ${getter} (i32.const 4096) (i32.const 4096)))
  (call $write_body (i32.const 1) (i32.const 4096) (local.get $l)) (local.set $n (i64.const 0))`;
/** The same for a getter of lists, whose length is the lower half of its result. */
const echoList = (getter: string): string => `(local.set $l (i32.wrap_i64 (call ${getter} (i32.const 4096) (i32.const 4096))))
  (call $write_body (i32.const 1) (i32.const 4096) (local.get $l)) (local.set $n (i64.const 0))`;

async function ask(guest: Uint8Array<ArrayBuffer>, request: RequestParts = {}, spec: Partial<PayloadSpec> = {}): Promise<Verdict> {
  const payload = await bench().open(guest, spec);
  const { verdict, later } = payload.request!(requestContext(request));
  later?.over(false);
  return verdict;
}

const text = (verdict: Verdict): string =>
  verdict.action === "block" ? Buffer.from(verdict.block.body).toString("latin1") : `${verdict.action}: ${JSON.stringify(verdict)}`;
const fault = (reason: string) => ({ action: "fail", failure: { kind: "fault", reason: expect.stringContaining(reason) } });
const request: RequestParts = {
  method: "POST",
  path: "/v1.0/hi",
  query: "?name=panda",
  fields: [
    ["Host", "example.com"],
    ["X-Two", "a"],
    ["X-Two", "caf\xe9"],
  ],
};

test("the host has the nineteen functions of the ABI", () => {
  expect(Object.keys(httpWasmFunctions)).toHaveLength(19);
});

describe("what a guest reads", () => {
  test.each([
    ["the method", echo("$get_method"), "POST"],
    ["the URI", echo("$get_uri"), "/v1.0/hi?name=panda"],
    ["the protocol", echo("$get_protocol_version"), "HTTP/1.1"],
    ["the address of the client", echo("$get_source_addr"), "192.0.2.1:4711"],
    ["the names of the headers", echoList("$get_header_names (i32.const 0)"), "host\0x-two\0"],
    ["the values of one", echoList("$get_header_values (i32.const 0) {X-TWO}"), "a\0caf\xe9\0"],
    ["nothing of one that is not there", echoList("$get_header_values (i32.const 0) {x-none}"), ""],
    ["no trailers", echoList("$get_header_names (i32.const 2)"), ""],
    ["no configuration", echo("$get_config"), ""],
  ])("%s", async (_, code, expected) => {
    expect(text(await ask(httpWasmGuest(code), request))).toBe(expected);
  });

  test("an IPv6 address in brackets, and none over a Unix socket", async () => {
    expect(text(await ask(httpWasmGuest(echo("$get_source_addr")), { clientIp: "2001:db8::1" }))).toBe("[2001:db8::1]:4711");
    expect(text(await ask(httpWasmGuest(echo("$get_source_addr")), { clientIp: "" }))).toBe("");
  });

  test("its configuration as JSON", async () => {
    expect(text(await ask(httpWasmGuest(echo("$get_config")), {}, { config: { a: "1" } }))).toBe('{"a":"1"}');
  });

  test("the length alone where the buffer is too small, and nothing is written", async () => {
    const guest = httpWasmGuest(`(i32.store8 (i32.const 4096) (i32.const 35))
      (if (i32.ne (call $get_method (i32.const 4096) (i32.const 3)) (i32.const 4)) (then unreachable))
      (if (i32.ne (i32.load8_u (i32.const 4096)) (i32.const 35)) (then unreachable))
      (if (i64.ne (call $get_header_names (i32.const 0) (i32.const 4096) (i32.const 0)) (i64.const 0x20000000b)) (then unreachable))`);
    expect(await ask(guest, request)).toMatchObject({ action: "continue" });
  });

  test("bodies piece by piece", async () => {
    const guest = httpWasmGuest(`(i64.store (i32.const 100) (call $read_body (i32.const 0) (i32.const 4096) (i32.const 3)))
      (i64.store (i32.const 108) (call $read_body (i32.const 0) (i32.const 4099) (i32.const 3)))
      (i64.store (i32.const 116) (call $read_body (i32.const 0) (i32.const 4102) (i32.const 3)))
      (call $write_body (i32.const 1) (i32.const 4096) (i32.const 5)) (call $write_body (i32.const 1) (i32.const 100) (i32.const 24))
      (local.set $n (i64.const 0))`);
    const verdict = await ask(guest, { body: "hello" }, { body: true });
    const bytes = Buffer.from(verdict.action === "block" ? verdict.block.body : "");
    expect(bytes.subarray(0, 5).toString()).toBe("hello");
    const eof = 1n << 32n;
    expect([5, 13, 21].map((at) => bytes.readBigUInt64LE(at))).toEqual([3n, eof | 2n, eof]);
  });

  test("a request without a body, although none is held", async () => {
    const guest = httpWasmGuest(
      "(if (i64.ne (call $read_body (i32.const 0) (i32.const 0) (i32.const 8)) (i64.const 0x100000000)) (then unreachable))",
    );
    expect(await ask(guest, { body: "" })).toMatchObject({ action: "continue" });
  });
});

describe("what a guest does to a request", () => {
  test("it lets it pass, changed", async () => {
    const guest = httpWasmGuest(`(call $set_method {PUT}) (call $set_uri {/new}) (call $set_header_value (i32.const 0) {X-A} {1})
      (call $add_header_value (i32.const 0) {X-A} {2}) (call $remove_header (i32.const 0) {x-two}) (call $remove_header (i32.const 0) {x-none})
      (call $write_body (i32.const 0) {new }) (call $write_body (i32.const 0) {body})`);
    expect(await ask(guest, { ...request, body: "old" }, { body: true })).toEqual({
      action: "continue",
      changes: {
        method: "PUT",
        path: "/new",
        query: "",
        body: Buffer.from("new body"),
        edits: [
          { kind: "set", name: "X-A", value: "1" },
          { kind: "add", name: "X-A", value: "2" },
          { kind: "remove", name: "x-two" },
        ],
      },
    });
  });

  test("it reads back what it set", async () => {
    const set = "(call $set_header_value (i32.const 0) {X-A} {1}) (call $set_uri {/b?c}) (call $set_method {PATCH})";
    expect(text(await ask(httpWasmGuest(set + echoList("$get_header_values (i32.const 0) {x-a}"))))).toBe("1\0");
    expect(text(await ask(httpWasmGuest(set + echo("$get_uri"))))).toBe("/b?c");
    expect(text(await ask(httpWasmGuest(set + echo("$get_method"))))).toBe("PATCH");
  });

  test("it answers itself, with 200 if it says nothing else", async () => {
    expect(await ask(httpWasmGuest("(local.set $n (i64.const 0))"))).toEqual({
      action: "block",
      block: { status: 200, headers: [], body: new Uint8Array(0) },
    });
    const guest = httpWasmGuest(`(call $set_status_code (i32.const 302)) (call $set_header_value (i32.const 1) {Location} {/x})
      (call $add_header_value (i32.const 1) {Set-Cookie} {a=1}) (call $add_header_value (i32.const 1) {Set-Cookie} {b=2})
      (call $write_body (i32.const 1) {gone}) (local.set $n (i64.const 0x500000000))`);
    expect(await ask(guest)).toEqual({
      action: "block",
      block: {
        status: 302,
        headers: [
          ["Location", "/x"],
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ],
        body: new Uint8Array(Buffer.from("gone")),
      },
    });
  });

  test.each([
    ["next = 2", "(local.set $n (i64.const 2))", "next = 2"],
    ["a method that is none", "(call $set_method {GE T})", "the method"],
    ["an empty method", "(call $set_method {})", "the method"],
    ["HEAD, whose response would be read wrongly", "(call $set_method {HEAD})", "the method"],
    ["a URI with a line break", "(call $set_uri {/a\r\nb})", "the URI"],
    ["a URI of another host", "(call $set_uri {http://a/})", "the URI"],
    ["a header of framing", "(call $set_header_value (i32.const 0) {Content-Length} {5})", '"Content-Length"'],
    ["a header with a line break", "(call $set_header_value (i32.const 0) {a} {b\r\nc})", '"a"'],
    ["a second Host", "(call $add_header_value (i32.const 0) {Host} {b})", '"Host"'],
    ["a header without a name", "(call $set_header_value (i32.const 0) {} {b})", "is empty"],
    ["a trailer", "(call $set_header_value (i32.const 2) {a} {b})", "trailers"],
    ["a kind of headers that is none", "(drop (call $get_header_names (i32.const 4) (i32.const 0) (i32.const 0)))", "kind 4"],
    ["a kind of bodies that is none", "(call $write_body (i32.const 2) {x})", "kind 2"],
    ["a status of information", "(call $set_status_code (i32.const 101))", "status 101"],
    ["a read into nothing", "(drop (call $read_body (i32.const 1) (i32.const 0) (i32.const 0)))", "no bytes"],
    ["a body that is not held", "(drop (call $read_body (i32.const 0) (i32.const 0) (i32.const 8)))", '"body = true"'],
    ["a request body although it sees none", "(call $write_body (i32.const 0) {x})", '"body = true"'],
  ])("%s ends the call", async (_, code, reason) => {
    expect(await ask(httpWasmGuest(code))).toEqual(fault(reason));
  });

  test("no more than is allowed", async () => {
    const loop = (times: number, code: string): string =>
      `(loop $again ${code} (br_if $again (i32.lt_u (local.tee $l (i32.add (local.get $l) (i32.const 1))) (i32.const ${times}))))`;
    const edits = (times: number) => httpWasmGuest(loop(times, "(call $set_header_value (i32.const 0) {a} {b})"));
    expect(await ask(edits(128))).toMatchObject({ action: "continue" });
    expect(await ask(edits(129))).toEqual(fault("128 changes"));
    const own = (times: number) => httpWasmGuest(loop(times, "(call $write_body (i32.const 1) (i32.const 0) (i32.const 65536))"));
    expect(await ask(own(16))).toMatchObject({ action: "continue" });
    expect(await ask(own(17))).toEqual(fault("more than 1048576 bytes"));
    const body = httpWasmGuest("(call $write_body (i32.const 0) {12345})");
    expect(await ask(body, { body: "x" }, { body: true, maxBodyBytes: 4 })).toEqual(fault("more than 4 bytes"));
  });
});

describe("what a guest does to a response", () => {
  async function answer(guest: Uint8Array<ArrayBuffer>, response = responseContext(), spec: Partial<PayloadSpec> = {}) {
    const payload = await bench().open(guest, spec);
    const { later } = payload.request!(requestContext(request));
    return { verdict: later!.respond(response), payload, wantsBody: later!.wantsBody };
  }

  test("it sees it, with what it kept from the request", async () => {
    const guest = httpWasmGuest(
      "(i32.store (i32.const 0) (i32.const 77)) (local.set $n (i64.const 0xffffffff00000001))",
      `(if (i32.ne (local.get $context) (i32.const -1)) (then unreachable)) (if (local.get $failed) (then unreachable))
       (if (i32.ne (i32.load (i32.const 0)) (i32.const 77)) (then unreachable))
       (if (i32.ne (call $get_status_code) (i32.const 404)) (then unreachable))
       (if (i64.ne (call $get_header_values (i32.const 1) {server} (i32.const 4096) (i32.const 100)) (i64.const 0x100000002)) (then unreachable))
       (if (i32.ne (call $get_method (i32.const 4096) (i32.const 100)) (i32.const 4)) (then unreachable))`,
    );
    const { verdict } = await answer(guest, responseContext(404, [["Server", "s"]]));
    expect(verdict).toEqual({ action: "continue", changes: { edits: [] } });
  });

  test("it changes it, with what it had set before as well", async () => {
    const guest = httpWasmGuest(
      "(call $set_header_value (i32.const 1) {X-Early} {1}) (call $set_status_code (i32.const 500))",
      "(call $set_header_value (i32.const 1) {X-Late} {2}) (call $remove_header (i32.const 1) {Server}) (call $set_status_code (i32.const 201))",
    );
    const { verdict } = await answer(guest, responseContext(200, [["Server", "s"]]));
    expect(verdict).toEqual({
      action: "continue",
      changes: {
        status: 201,
        edits: [
          { kind: "set", name: "X-Early", value: "1" },
          { kind: "set", name: "X-Late", value: "2" },
          { kind: "remove", name: "Server" },
        ],
      },
    });
  });

  test("what it wrote before it let the request pass is not laid over the response", async () => {
    const guest = httpWasmGuest("(call $set_status_code (i32.const 500)) (call $write_body (i32.const 1) {early})");
    expect((await answer(guest)).verdict).toEqual({ action: "continue", changes: { edits: [] } });
  });

  test("it replaces a body that it asked for", async () => {
    const replace = "(call $write_body (i32.const 1) {new})";
    const feature = "(drop (call $enable_features (i32.const 2)))";
    const asking = httpWasmGuest(feature, replace);
    const { verdict, wantsBody } = await answer(asking, responseContext(200, [], "old"), { body: true });
    expect([wantsBody, verdict]).toEqual([true, { action: "continue", changes: { edits: [], body: new Uint8Array(Buffer.from("new")) } }]);
    const early = httpWasmGuest("", replace, `(func (export "_initialize") ${feature})`);
    expect((await answer(early, responseContext(200, [], "old"), { body: true })).wantsBody).toBe(true);
    const without = await answer(httpWasmGuest("", replace), responseContext(), { body: true });
    expect([without.wantsBody, without.verdict]).toEqual([false, fault("buffer_response")]);
  });

  test("it may not change the request any more", async () => {
    for (const code of [
      "(call $set_uri {/x})",
      "(call $set_method {PUT})",
      "(call $set_header_value (i32.const 0) {a} {b})",
      "(call $write_body (i32.const 0) {x})",
    ])
      expect((await answer(httpWasmGuest("", code), responseContext(), { body: true })).verdict, code).toEqual(
        fault("after the request was forwarded"),
      );
  });

  test("it is told that there will be none", async () => {
    const { open, lines } = bench();
    const guest = httpWasmGuest("", "(call $log (local.get $failed) {over}) (call $set_status_code (i32.const 299))");
    const payload = await open(guest);
    payload.request!(requestContext()).later!.over(true);
    payload.request!(requestContext()).later!.over(false);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "info"]);
    expect(payload.stats).toMatchObject({ calls: 4, instances: 1 });
  });
});

test("features are offered only as far as the payload may see bodies", async () => {
  const guest = (expected: number) =>
    httpWasmGuest(`(if (i32.ne (call $enable_features (i32.const 7)) (i32.const ${expected})) (then unreachable))`);
  expect(await ask(guest(0))).toMatchObject({ action: "continue" });
  expect(await ask(guest(3), {}, { body: true })).toMatchObject({ action: "continue" });
});

test("log levels are those of the ABI", async () => {
  const { open, lines } = bench();
  const payload = await open(
    httpWasmGuest(
      [-1, 0, 1, 2, 3].map((level) => `(call $log (i32.const ${level}) {level ${level}})`).join(" ") +
        "(if (call $log_enabled (i32.const 3)) (then unreachable)) (if (i32.eqz (call $log_enabled (i32.const -1))) (then unreachable))",
    ),
  );
  payload.request!(requestContext());
  expect(lines.map(({ level, fields }) => [level, fields["text"]])).toEqual([
    ["debug", "level -1"],
    ["info", "level 0"],
    ["warn", "level 1"],
    ["error", "level 2"],
  ]);
});

test("an instance serves one request at a time, and no more are made than allowed", async () => {
  const payload = await bench().open(
    httpWasmGuest(
      "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))",
      "(call $set_status_code (i32.add (i32.const 200) (i32.load (i32.const 0))))",
    ),
    { maxInstances: 2 },
  );
  const one = payload.request!(requestContext());
  const two = payload.request!(requestContext());
  expect(payload.request!(requestContext()).verdict).toMatchObject({ action: "fail", failure: { kind: "busy" } });
  expect(one.later!.respond(responseContext())).toMatchObject({ changes: { status: 201 } });
  const three = payload.request!(requestContext());
  expect(three.later!.respond(responseContext())).toMatchObject({ changes: { status: 202 } });
  expect(two.later!.respond(responseContext())).toMatchObject({ changes: { status: 201 } });
  expect(payload.stats.instances).toBe(2);
});

test("a response that comes while the payload is in quarantine is not shown to it", async () => {
  const payload = await bench().open(httpWasmGuest("", "(loop $l (br $l))"), { fuel: 100_000 });
  const waiting = Array.from({ length: 5 }, () => payload.request!(requestContext()).later!);
  const kinds = waiting.map((later) => {
    const verdict = later.respond(responseContext());
    return verdict.action === "fail" ? verdict.failure.kind : verdict.action;
  });
  expect(kinds).toEqual(["fuel", "fuel", "fuel", "quarantined", "quarantined"]);
  expect(payload.stats.instances).toBe(0);
});

describe("pointers", () => {
  const outside = [
    "(i32.const 65536) (i32.const 1)",
    "(i32.const 65530) (i32.const 7)",
    "(i32.const 4) (i32.const -1)",
    "(i32.const -1) (i32.const -1)",
  ];
  const calls: Readonly<Record<string, (place: string) => string>> = {
    log: (place) => `(call $log (i32.const 0) ${place})`,
    get_config: (place) => `(drop (call $get_config ${place}))`,
    get_method: (place) => `(drop (call $get_method ${place}))`,
    set_method: (place) => `(call $set_method ${place})`,
    get_uri: (place) => `(drop (call $get_uri ${place}))`,
    set_uri: (place) => `(call $set_uri ${place})`,
    get_protocol_version: (place) => `(drop (call $get_protocol_version ${place}))`,
    get_source_addr: (place) => `(drop (call $get_source_addr ${place}))`,
    get_header_names: (place) => `(drop (call $get_header_names (i32.const 0) ${place}))`,
    "get_header_values, the name": (place) => `(drop (call $get_header_values (i32.const 0) ${place} (i32.const 0) (i32.const 100)))`,
    "get_header_values, the buffer": (place) => `(drop (call $get_header_values (i32.const 0) {x-two} ${place}))`,
    "set_header_value, the name": (place) => `(call $set_header_value (i32.const 0) ${place} {x})`,
    "set_header_value, the value": (place) => `(call $set_header_value (i32.const 0) {x} ${place})`,
    "add_header_value, the name": (place) => `(call $add_header_value (i32.const 0) ${place} {x})`,
    "add_header_value, the value": (place) => `(call $add_header_value (i32.const 0) {x} ${place})`,
    remove_header: (place) => `(call $remove_header (i32.const 0) ${place})`,
    read_body: (place) => `(drop (call $read_body (i32.const 0) ${place}))`,
    "write_body, of the request": (place) => `(call $write_body (i32.const 0) ${place})`,
    "write_body, of the response": (place) => `(call $write_body (i32.const 1) ${place})`,
  };

  test.each(Object.entries(calls))("of %s that lead outside memory end the call", async (name, call) => {
    for (const place of outside) {
      const verdict = await ask(httpWasmGuest(call(place)), { ...request, body: "a body" }, { body: true, config: { a: "b" } });
      expect(verdict, `${name} ${place}`).toMatchObject({ action: "fail", failure: { kind: "fault" } });
    }
  });
});
