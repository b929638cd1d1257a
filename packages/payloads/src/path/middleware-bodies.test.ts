import { bodyOf, type Exchange, Fields, type Handler } from "@mothership/kernel";
import { readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { answering, ScriptedBody, TestExchange } from "../../test/support/exchange.ts";
import { nativeGuest } from "../../test/support/guests.ts";
import { add, block, path } from "../../test/support/path.ts";

describe("request bodies", () => {
  const holding = { body: true } as const;
  const shout = nativeGuest(`(local.set $n (call $read_body (i32.const 0) (i32.const 4096) (call $get_body)))
    (i32.store8 (i32.const 4096) (i32.const 88)) (drop (call $set_body (i32.const 4096) (local.get $n)))`);
  const read = async (exchange: Exchange): Promise<string> => (await readBody(exchange.incoming.body)).bytes.toString();

  test("are held, shown, and sent on as they were, with their trailers", async () => {
    const next = answering();
    const { send } = await path([[nativeGuest("(if (i32.ne (call $get_body) (i32.const 5)) (then unreachable))"), holding]], next);
    const body = new ScriptedBody();
    const sending = send({ method: "POST", body });
    expect(next.exchanges).toHaveLength(0);
    body.give("he", "l", "lo").end(Fields.from([["X-Sum", "5"]]));
    const exchange = await sending;
    const seen = next.exchanges[0]!;
    expect(seen).not.toBe(exchange);
    const { bytes, trailers } = await readBody(seen.incoming.body);
    expect([bytes.toString(), trailers?.get("x-sum"), seen.incoming.body.length]).toEqual(["hello", "5", 5]);
    expect((await exchange.seen())!.body).toBe("upstream");
  });

  test("are sent on as the payloads have made them", async () => {
    const next = answering();
    const { send } = await path(
      [
        [shout, holding],
        [nativeGuest("(if (i32.ne (call $get_body) (i32.const 5)) (then unreachable))"), holding],
      ],
      next,
    );
    await send({ method: "POST", body: bodyOf("hello") });
    expect(await read(next.exchanges[0]!)).toBe("Xello");
  });

  test("are not waited for by payloads in front, which may refuse without one", async () => {
    const body = new ScriptedBody(100);
    const { send } = await path([[nativeGuest(block(401))], [shout, holding]]);
    const exchange = await send({ method: "POST", body, expectsContinue: true });
    expect([(await exchange.seen())!.status, body.isRead, exchange.interims]).toEqual([401, false, []]);
  });

  test("are asked for where the client waits, once, and nobody behind asks again", async () => {
    const next = answering();
    const { send } = await path(
      [
        [shout, holding],
        [shout, holding],
      ],
      next,
    );
    const body = new ScriptedBody(5);
    const exchange = new TestExchange({ method: "POST", body, expectsContinue: true });
    const sending = send({ method: "POST", body: bodyOf("hello"), expectsContinue: true });
    expect((await sending).interims).toEqual([100]);
    expect([next.exchanges[0]!.incoming.expectsContinue, exchange.incoming.expectsContinue]).toEqual([false, true]);
  });

  test("over the limit: 413, at once where the length is said, else as soon as it is passed", async () => {
    const next = answering();
    const { send, payloads } = await path(
      [
        [shout, { body: true, maxBodyBytes: 8 }],
        [shout, { body: true, maxBodyBytes: 4 }],
      ],
      next,
    );
    const said = new ScriptedBody(5);
    const exchange = await send({ method: "POST", body: said, expectsContinue: true });
    expect(await exchange.seen()).toMatchObject({ status: 413, headers: { "x-mothership-error": "payload-body-too-large" } });
    expect([exchange.interims, said.isRead]).toEqual([[], false]);
    expect(said.cancelled).toBeInstanceOf(Error);

    const unsaid = new ScriptedBody();
    const sending = send({ method: "POST", body: unsaid });
    unsaid.give("1234", "5", "6");
    expect((await (await sending).seen())!.status).toBe(413);
    expect([next.exchanges.length, payloads[0]!.stats.calls]).toEqual([0, 0]);
    expect((await (await send({ method: "POST", body: bodyOf("1234") })).seen())!.status).toBe(200);
  });

  test("that are cut off: nothing goes on, nothing is answered", async () => {
    const next = answering();
    const { send } = await path([[shout, holding]], next);
    const body = new ScriptedBody();
    const sending = send({ method: "POST", body });
    body.give("he").fail(new Error("the client left"));
    const exchange = await sending;
    expect([next.exchanges.length, exchange.sent]).toEqual([0, undefined]);
  });

  test("of no bytes are not waited for, and those of another protocol not touched", async () => {
    const next = answering();
    const { send } = await path([[nativeGuest("(if (i32.ne (call $get_body) (i32.const 0)) (then unreachable))"), holding]], next);
    const exchange = await send();
    expect(next.exchanges[0]).toBe(exchange);
    const tunnel = new ScriptedBody();
    const upgrading = await path([[nativeGuest("(if (i32.ne (call $get_body) (i32.const -1)) (then unreachable))"), holding]], next);
    expect((await (await upgrading.send({ body: tunnel, upgrade: "websocket" })).seen())!.status).toBe(200);
    expect(tunnel.isRead).toBe(false);
  });
});

describe("response bodies", () => {
  const holding = { phase: "response", body: true } as const;
  const shout = nativeGuest(`(local.set $n (call $read_body (i32.const 0) (i32.const 4096) (call $get_body)))
    (i32.store8 (i32.const 4096) (i32.const 88)) (drop (call $set_body (i32.const 4096) (local.get $n)))`);

  test("are held, shown, and replaced", async () => {
    const { send } = await path([[shout, holding]], answering("hello"));
    expect((await (await send()).seen())!.body).toBe("Xello");
  });

  test("are waited for without holding up the handler", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => {
      exchange.route = "a route";
      exchange.upstream = "a ship";
      exchange.respond({ status: 200, fields: new Fields() }, body);
      expect([exchange.responded, exchange.route]).toEqual([true, "a route"]);
      exchange.respond({ status: 500, fields: new Fields() }, bodyOf("a second answer"));
    };
    const { send } = await path([[shout, holding]], next);
    const exchange = await send();
    expect([exchange.sent, exchange.upstream]).toEqual([undefined, "a ship"]);
    body.give("he", "llo").end();
    expect(await exchange.seen()).toMatchObject({ status: 200, body: "Xello" });
  });

  test("come after the hooks of those behind, and before those in front", async () => {
    const order: string[] = [];
    const next: Handler = (exchange) => {
      exchange.onResponse((head, body) => {
        order.push(`inner, ${head.fields.get("x-a") ?? "untouched"}`);
        return { head, body };
      });
      exchange.respond({ status: 200, fields: new Fields() }, bodyOf("x"));
    };
    const { handler } = await path([[nativeGuest(add("X-A", "1")), holding]], next);
    const exchange = new TestExchange();
    exchange.onResponse((head, body) => {
      order.push(`outer, ${head.fields.get("x-a") ?? "untouched"}`);
      return { head, body };
    });
    await handler(exchange);
    expect(order).toEqual(["inner, untouched", "outer, 1"]);
  });

  test("behind a hook that throws: 500", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => {
      exchange.onResponse(() => {
        throw new Error("broken hook");
      });
      exchange.respond({ status: 200, fields: new Fields() }, body);
    };
    const { send, lines } = await path([[shout, holding]], next);
    expect((await (await send()).seen())!.status).toBe(500);
    expect(body.cancelled).toMatchObject({ message: "broken hook" });
    expect(lines).toMatchObject([{ level: "error", message: "a response hook failed" }]);
  });

  test("over the limit: 503, and the rest is cancelled", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send, payloads } = await path([[shout, { ...holding, maxBodyBytes: 4 }]], next);
    const exchange = await send();
    body.give("123", "45");
    expect(await exchange.seen()).toMatchObject({ status: 503, headers: { "x-mothership-error": "payload-response-too-large" } });
    expect(body.cancelled).toBeInstanceOf(Error);
    expect(payloads[0]!.stats.calls).toBe(0);
  });

  test("that are cut off: 502, since nothing was sent yet", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send } = await path([[shout, holding]], next);
    const exchange = await send();
    body.give("12").fail(new Error("reset"));
    expect((await exchange.seen())!.status).toBe(502);
  });

  test("are not waited for when the client has left", async () => {
    const body = new ScriptedBody();
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, body);
    const { send } = await path([[shout, holding]], next);
    const exchange = await send();
    exchange.finish("clientLeft");
    expect(body.cancelled).toBeInstanceOf(Error);
  });

  test.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("are not held for %s with %i, and cannot be put there", async (method, status) => {
    const guest = nativeGuest("(if (i32.ne (call $set_body {x}) (i32.const -1)) (then unreachable))");
    const { send } = await path([[guest, holding]], answering("", [], status));
    expect(await (await send({ method })).seen()).toMatchObject({ status, body: "" });
  });
});
