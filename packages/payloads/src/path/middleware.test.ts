import { bodyOf, type Exchange, Fields, type Handler } from "@mothership/kernel";
import { settle } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { answering, ScriptedBody, TestExchange } from "../../test/support/exchange.ts";
import { httpWasmGuest, nativeGuest } from "../../test/support/guests.ts";
import { add, block, path, response } from "../../test/support/path.ts";

describe("requests", () => {
  test("that no payload is meant for go on untouched", async () => {
    const next = answering();
    const { send, payloads } = await path(
      [
        [nativeGuest(block(403)), { routes: ["/admin/.*"] }],
        [nativeGuest(block(403)), { routes: [] }],
      ],
      next,
    );
    const exchange = await send({ target: "/public" });
    expect(next.exchanges).toEqual([exchange]);
    expect(next.exchanges[0]).toBe(exchange);
    expect(payloads.map(({ stats }) => stats.calls)).toEqual([0, 0]);
  });

  test("are seen by the payloads for their path, in the order of the manifest, once each", async () => {
    const { send, payloads } = await path([
      [nativeGuest(add("X-Seen", "a")), { routes: ["/api/.*", "/.*"] }],
      [nativeGuest(add("X-Seen", "b")), { routes: ["/other"] }],
      [nativeGuest(add("X-Seen", "c")), { routes: ["/.*"] }],
    ]);
    expect((await send({ target: "/api/x" })).fields.all("x-seen")).toEqual(["a", "c"]);
    expect((await send({ target: "/other" })).fields.all("x-seen")).toEqual(["a", "b", "c"]);
    expect(payloads.map(({ stats }) => stats.calls)).toEqual([2, 1, 2]);
  });

  test("are seen by the next payload as the one before has changed them", async () => {
    const echo = nativeGuest(`(local.set $n (call $read_request (i32.const 4096) (i32.const 4000)))
      (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
    const { send } = await path([
      [nativeGuest("(drop (call $get_request))")],
      [nativeGuest(`${add("X-A", "1")} (drop (call $set_path {/new?b}))`)],
      [echo],
    ]);
    expect(JSON.parse((await (await send({ target: "/old?a" })).seen())!.body)).toMatchObject({
      path: "/new",
      query: "b",
      headers: { "x-a": "1" },
      client_ip: "192.0.2.1",
      tls: null,
    });
  });

  test("go on with what was changed, and are matched by the path they came with", async () => {
    const next = answering();
    const { send, payloads } = await path(
      [
        [nativeGuest("(drop (call $set_path {/./b?q=2}))"), { routes: ["/a"] }],
        [nativeGuest(""), { routes: ["/b"] }],
      ],
      next,
    );
    const exchange = await send({ target: "/a?q=1" });
    expect([exchange.path, exchange.query]).toEqual(["/b", "?q=2"]);
    expect(payloads[1]!.stats.calls).toBe(0);
    expect(next.exchanges[0]).toBe(exchange);
  });

  test("that are blocked go no further", async () => {
    const next = answering();
    const { send, payloads } = await path(
      [[nativeGuest(block(429, "slow down"))], [nativeGuest("")], [nativeGuest(add("X-Response", "1")), response]],
      next,
    );
    expect(await (await send()).seen()).toEqual({
      status: 429,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "slow down",
    });
    expect([next.exchanges.length, payloads[1]!.stats.calls, payloads[2]!.stats.calls]).toEqual([0, 0, 0]);
    expect(payloads[0]!.stats.blocks).toBe(1);
  });

  test("whose block brings a type keep it", async () => {
    const guest = nativeGuest('(drop (call $set_block_with_headers (i32.const 401) {<"a":1>} {<"Content-Type":"application/json">}))');
    expect((await (await (await path([[guest]])).send()).seen())!.headers).toEqual({ "content-type": "application/json" });
  });
});

describe("failures", () => {
  test.each([
    ["a trap", "unreachable", "trap"],
    ["an endless loop", "(loop $l (br $l))", "fuel"],
    ["a pointer outside memory", "(drop (call $set_block (i32.const 200) (i32.const -1) (i32.const 9)))", "fault"],
    ["a path that has no canonical form", "(drop (call $set_path {/%zz}))", "fault"],
  ])("%s: 503, a count and a line in the log, and the next request is served", async (_, code, kind) => {
    const next = answering();
    const guest = nativeGuest(`(drop (call $read_request (i32.const 4096) (i32.const 40)))
      (if (i32.eq (i32.load8_u (i32.const 4121)) (i32.const 98)) (then ${code}))`);
    const { send, failures, lines } = await path([[guest, { fuel: 1_000_000 }]], next);
    expect(await (await send({ target: "/bad" })).seen()).toEqual({
      status: 503,
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", "x-mothership-error": "payload-failed" },
      body: "The request could not be checked.\n",
    });
    expect(next.exchanges).toHaveLength(0);
    expect(failures).toEqual([["p0", kind]]);
    expect(lines).toEqual([
      { level: "warn", message: "a payload failed", fields: { payload: "p0", requestId: "r1", kind, reason: expect.any(String) } },
    ]);
    expect((await (await send({ target: "/good" })).seen())!.body).toBe("upstream");
  });

  test("quarantine: 503 at once, and when to come back", async () => {
    const { send, failures, clock, payloads } = await path([[nativeGuest("(loop $l (br $l))"), { fuel: 100_000 }]]);
    for (let count = 0; count < 3; count++) await send();
    const exchange = await send();
    expect((await exchange.seen())!.headers).toMatchObject({ "x-mothership-error": "payload-unavailable", "retry-after": "1" });
    expect(failures.map(([, kind]) => kind)).toEqual(["fuel", "fuel", "fuel", "quarantined"]);
    await clock.advance(20_000);
    await send();
    expect(payloads[0]!.stats.calls).toBe(4);
  });

  test("headers too large to be described: 431", async () => {
    const fields = Array.from({ length: 20 }, (_, index): [string, string] => [`x-${index}`, "x".repeat(16_000)]);
    const { send, failures } = await path([[nativeGuest("(drop (call $get_request))")]]);
    expect((await (await send({ fields })).seen())!.status).toBe(431);
    expect(failures).toEqual([["p0", "tooLarge"]]);
  });

  test("answers can be rendered by somebody else", async () => {
    const render = (exchange: Exchange, answer: { readonly status: number; readonly reason: string }) => ({
      head: { status: answer.status, fields: Fields.from([["X-Id", exchange.id]]) },
      body: bodyOf(answer.reason),
    });
    const { send } = await path([[nativeGuest("unreachable")]], answering(), { render });
    expect(await (await send()).seen()).toEqual({ status: 503, headers: { "x-id": "r1" }, body: "payload-failed" });
  });
});

describe("responses", () => {
  test("are seen in the reverse order, changed, and sent", async () => {
    const { send } = await path(
      [
        [nativeGuest(add("X-Order", "a")), response],
        [nativeGuest(add("X-Order", "b")), response],
        [nativeGuest("(drop (call $remove_header {server}))"), response],
      ],
      answering("text", [
        ["Server", "s"],
        ["X-Order", "upstream"],
      ]),
    );
    const exchange = await send();
    expect(exchange.sent!.head.fields.all("x-order")).toEqual(["upstream", "b", "a"]);
    expect(exchange.sent!.head.fields.has("server")).toBe(false);
    expect((await exchange.seen())!.body).toBe("text");
  });

  test("are described as they come, with their request as it was forwarded", async () => {
    const echo = nativeGuest(`(local.set $n (call $read_response (i32.const 4096) (i32.const 4000)))
      (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
    const { send } = await path([[nativeGuest("(drop (call $set_path {/new}))")], [echo, response]], answering("", [["A", "b"]], 404));
    expect(JSON.parse((await (await send({ method: "PUT" })).seen())!.body)).toMatchObject({
      status: 404,
      headers: { a: "b" },
      request: { method: "PUT", path: "/new" },
    });
  });

  test("that are blocked are replaced, and what was coming is cancelled", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send, payloads } = await path(
      [
        [nativeGuest(""), response],
        [nativeGuest(block(451)), response],
      ],
      next,
    );
    expect((await (await send()).seen())!.status).toBe(451);
    expect(body.cancelled).toBeInstanceOf(Error);
    expect(payloads[0]!.stats.calls).toBe(0);
  });

  test("of a payload that fails become 503, and what was coming is cancelled", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: Fields.from([["Set-Cookie", "secret=1"]]) }, body);
    const { send, failures } = await path([[nativeGuest("unreachable"), response]], next);
    const exchange = await send();
    expect(await exchange.seen()).toMatchObject({ status: 503, headers: { "x-mothership-error": "payload-failed" } });
    expect(exchange.sent!.head.fields.has("set-cookie")).toBe(false);
    expect(body.cancelled).toBeInstanceOf(Error);
    expect(failures).toEqual([["p0", "trap"]]);
  });

  test("stream through where nobody asks for the body", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send } = await path([[nativeGuest(add("A", "b")), response]], next);
    const exchange = await send();
    expect([exchange.sent!.body, body.isRead]).toEqual([body, false]);
  });

  test("to requests for another protocol are not looked at, but the requests are", async () => {
    const { send, payloads } = await path([[nativeGuest(add("X-A", "1"))], [nativeGuest(block(403)), response]]);
    const exchange = await send({ upgrade: "websocket" });
    expect((await exchange.seen())!.status).toBe(200);
    expect(exchange.fields.get("x-a")).toBe("1");
    expect(payloads.map(({ stats }) => stats.calls)).toEqual([1, 0]);
  });
});

describe("guests of http-wasm", () => {
  test("see both ways, and change them", async () => {
    const next = answering("text", [["Server", "s"]]);
    const guest = httpWasmGuest(
      "(call $set_method {POST}) (call $set_uri {/new?x}) (call $set_header_value (i32.const 0) {X-A} {1}) (call $set_header_value (i32.const 1) {X-Early} {e})",
      "(call $set_status_code (i32.const 202)) (call $remove_header (i32.const 1) {server})",
    );
    const { send, payloads } = await path([[guest]], next);
    const exchange = await send({ method: "PUT" });
    const seen = next.exchanges[0]!;
    expect([seen.incoming.method, seen.path, seen.query, seen.fields.get("x-a")]).toEqual(["POST", "/new", "?x", "1"]);
    expect([seen.incoming.target, seen.incoming.authority, seen.incoming.version, seen.host, seen.bind]).toEqual([
      "/",
      "example.com",
      "1.1",
      "example.com",
      "http",
    ]);
    expect(await exchange.seen()).toEqual({ status: 202, headers: { "x-early": "e" }, body: "text" });
    exchange.finish();
    expect(payloads[0]!.stats).toMatchObject({ calls: 2, instances: 1 });
  });

  test("keep their place among the others on the way back", async () => {
    const http = (value: string) => httpWasmGuest("", `(call $add_header_value (i32.const 1) {X-Order} {${value}})`);
    const { send } = await path([
      [nativeGuest(add("X-Order", "a")), response],
      [http("b")],
      [nativeGuest(add("X-Order", "c")), response],
      [http("d")],
    ]);
    expect((await send()).sent!.head.fields.all("x-order")).toEqual(["d", "c", "b", "a"]);
  });

  test("replace a body that they enabled", async () => {
    const guest = httpWasmGuest("(drop (call $enable_features (i32.const 2)))", "(call $write_body (i32.const 1) {new})");
    const { send } = await path([[guest, { body: true }]], answering("old"));
    expect((await (await send()).seen())!.body).toBe("new");
  });

  test("are told when no response comes: the client left, the request was refused, or became a tunnel", async () => {
    const guest = httpWasmGuest("", "(call $log (local.get $failed) {over})");
    const silent: Handler = () => undefined;
    const { send, payloads, lines } = await path([[guest]], silent);
    const exchange = await send();
    expect(payloads[0]!.stats.calls).toBe(1);
    exchange.finish("clientLeft");
    exchange.finish("clientLeft");
    await send({ upgrade: "websocket" });
    const refused = await path([[guest], [nativeGuest(block(403))]]);
    await refused.send();
    expect([...lines, ...refused.lines].map(({ level }) => level)).toEqual(["warn", "info", "info"]);
    expect(payloads[0]!.stats).toMatchObject({ calls: 4, instances: 1 });
  });

  test("cannot change the method of a request for another protocol", async () => {
    const { send } = await path([[httpWasmGuest("(call $set_method {POST})")]]);
    expect((await (await send({ upgrade: "websocket" })).seen())!.status).toBe(503);
  });

  test("that set a status without content lose what content there was", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send } = await path([[httpWasmGuest("", "(call $set_status_code (i32.const 204))")]], next);
    expect(await (await send()).seen()).toEqual({ status: 204, headers: {}, body: "" });
    expect(body.cancelled).toBeInstanceOf(Error);
  });
});

test("a pattern that cannot be used is found when the path is built", async () => {
  await expect(path([[nativeGuest(""), { routes: ["/(unclosed"] }]])).rejects.toMatchObject({ code: expect.stringMatching(/^MS_/) });
});

test("a handler that answers later is waited for", async () => {
  const { handler } = await path([[nativeGuest("")]], async (exchange) => {
    await settle();
    exchange.respond({ status: 200, fields: new Fields() }, bodyOf("late"));
  });
  const exchange = new TestExchange();
  await handler(exchange);
  expect((await exchange.seen())!.body).toBe("late");
});

test("what else is known of a request is asked for once, and only if a guest looks", async () => {
  let asked = 0;
  const describe = () => {
    asked++;
    return { uaKind: "bot", shield: "abc" };
  };
  const echo = nativeGuest(`(local.set $n (call $read_request (i32.const 4096) (i32.const 4000)))
    (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
  const { send } = await path(
    [
      [nativeGuest(""), { routes: ["/quiet"] }],
      [echo, { routes: ["/loud"] }],
    ],
    answering(),
    { describe },
  );
  await send({ target: "/quiet" });
  expect(asked).toBe(0);
  expect(JSON.parse((await (await send({ target: "/loud" })).seen())!.body)).toMatchObject({ ua_kind: "bot", shield: "abc" });
  expect(asked).toBe(1);
});
