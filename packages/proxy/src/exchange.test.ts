import { bodyOf, emptyBody, Fields, type Logger, silentLogger } from "@mothership/kernel";
import { readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type FakeIncoming, fakeIncoming, type RequestParts } from "../test/incoming.ts";
import { type Peer, trustedProxies } from "./client.ts";
import { ProxyExchange } from "./exchange.ts";

const stranger: Peer = { address: "198.51.100.9", port: 1, secure: false, trusted: false };

function exchangeOf(
  parts: RequestParts = {},
  peer = stranger,
  log: Logger = silentLogger,
): { exchange: ProxyExchange; incoming: FakeIncoming } {
  const incoming = fakeIncoming(parts);
  const context = { bind: "http", trusted: trustedProxies(["10.0.0.0/8"]), forwarding: {}, log, nextId: () => "fresh" };
  return { incoming, exchange: new ProxyExchange(incoming, "/a", "?b", peer, context) };
}

const head = (status = 200) => ({ status, fields: new Fields() });

describe("ProxyExchange", () => {
  test.each([
    ["example.test", "example.test"],
    ["EXAMPLE.test:8080", "example.test"],
    ["example.test.", "example.test"],
    ["example.test.:80", "example.test"],
    ["[2001:DB8::1]:80", "[2001:db8::1]"],
    ["[::1]", "[::1]"],
    ["", ""],
  ])("reads the host of %j as %j", (authority, host) => {
    expect(exchangeOf({ authority }).exchange.host).toBe(host);
  });

  test("takes the request id of a trusted peer, if it is safe to print, and makes one otherwise", () => {
    const trusted = { ...stranger, address: "10.0.0.1", trusted: true };
    expect(exchangeOf({ fields: [["X-Request-Id", "abc-1"]] }, trusted).exchange.id).toBe("abc-1");
    expect(exchangeOf({ fields: [["X-Request-Id", "abc-1"]] }).exchange.id).toBe("fresh");
    expect(exchangeOf({ fields: [["X-Request-Id", 'a b"c']] }, trusted).exchange.id).toBe("fresh");
    expect(exchangeOf({ fields: [["X-Request-Id", "x".repeat(129)]] }, trusted).exchange.id).toBe("fresh");
  });

  test("what middleware writes into the fields is what stands there afterwards", () => {
    const { exchange } = exchangeOf({ fields: [["A", "1"]] });
    exchange.fields.set("A", "2");
    expect(exchange.fields.get("a")).toBe("2");
    expect(exchange.fields.get("x-request-id")).toBe("fresh");
    expect(exchange.incoming.fields.get("a")).toBe("1");
  });

  test("keeps the path canonical when middleware sets it, and refuses what could not be sent", () => {
    const { exchange } = exchangeOf();
    exchange.path = "/x/../%79";
    expect(exchange.path).toBe("/y");
    for (const bad of ["", "x", "/a b", "/a\r\nX: y", "/a?b", "/a#b", "/a\\b", "/é", "/%00", "/..%2f"]) {
      expect(() => {
        exchange.path = bad;
      }, bad).toThrow(expect.objectContaining({ code: "MS_TARGET_INVALID" }));
    }
    expect(exchange.path).toBe("/y");
  });

  test("refuses a query that could not be sent", () => {
    const { exchange } = exchangeOf();
    exchange.query = "";
    exchange.query = "?c=%20";
    for (const bad of ["c", "?a b", "?a\r\nX: y", "?a#b", "?é"]) {
      expect(() => {
        exchange.query = bad;
      }, bad).toThrow(expect.objectContaining({ code: "MS_TARGET_INVALID" }));
    }
    expect(exchange.query).toBe("?c=%20");
  });

  test("responds through the hooks, the last one first", async () => {
    const { exchange, incoming } = exchangeOf();
    const order: string[] = [];
    for (const name of ["first", "last"]) {
      exchange.onResponse((given, body) => {
        order.push(name);
        given.fields.append("X-Hook", name);
        return { head: { ...given, status: given.status + 1 }, body };
      });
    }
    exchange.respond(head(), bodyOf("hello"));
    expect(order).toEqual(["last", "first"]);
    expect(incoming.answer?.head.status).toBe(202);
    expect(incoming.answer?.head.fields.all("x-hook")).toEqual(["last", "first"]);
    expect((await readBody(incoming.answer!.body)).bytes.toString()).toBe("hello");
  });

  test("answers 500 and cancels the body when a hook throws", () => {
    const errors: unknown[] = [];
    const { exchange, incoming } = exchangeOf({}, stranger, { ...silentLogger, error: (_, fields) => errors.push(fields) });
    let cancelled = false;
    exchange.onResponse(() => {
      throw new Error("broken hook");
    });
    exchange.respond(head(), { ...emptyBody, cancel: () => (cancelled = true) });
    expect(incoming.answer?.head.status).toBe(500);
    expect(cancelled).toBe(true);
    expect(errors).toEqual([expect.objectContaining({ reason: "broken hook" })]);
  });

  test("ignores a second answer and cancels its body", () => {
    const { exchange, incoming } = exchangeOf();
    let cancelled = false;
    exchange.respond(head(200), emptyBody);
    expect(exchange.responded).toBe(true);
    exchange.respond(head(500), { ...emptyBody, cancel: () => (cancelled = true) });
    expect(incoming.answer?.head.status).toBe(200);
    expect(cancelled).toBe(true);
  });

  test("cancels the body of an answer that comes when the client has left", () => {
    const { exchange, incoming } = exchangeOf();
    let cancelled = false;
    incoming.finish("clientLeft");
    exchange.respond(head(200), { ...emptyBody, cancel: () => (cancelled = true) });
    expect(incoming.answer).toBeUndefined();
    expect(cancelled).toBe(true);
  });

  test("tells every listener how it ended, those that come late too, even if one throws", () => {
    const { exchange, incoming } = exchangeOf();
    const ends: string[] = [];
    exchange.onFinished(() => {
      throw new Error("broken listener");
    });
    exchange.onFinished(({ end }) => ends.push(`early ${end}`));
    incoming.finish("aborted");
    exchange.onFinished(({ end }) => ends.push(`late ${end}`));
    expect(ends).toEqual(["early aborted", "late aborted"]);
  });

  test("a failed handler becomes 500 before an answer, and a cut connection after it", () => {
    const before = exchangeOf();
    before.exchange.fail(new Error("broken handler"));
    expect(before.incoming.answer?.head.status).toBe(500);
    expect(before.incoming.aborted).toBeUndefined();

    const after = exchangeOf();
    after.exchange.respond(head(), emptyBody);
    after.exchange.fail("a thrown string");
    expect(after.incoming.answer?.head.status).toBe(200);
    expect(after.incoming.aborted?.message).toBe("a thrown string");
  });
});
