import { type Body, bodyOf, emptyBody, Fields, type Handler } from "@mothership/kernel";
import { answering, FakeClock, MemoryExchange, type MemoryRequest as Request, readBody } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestTtlMs, preflightKey, preflightTtlMs } from "./preflight.ts";
import { type PreflightCacheOptions, preflightCache } from "./preflight-cache.ts";
import { RecentMap } from "./recent-map.ts";

type Pairs = readonly (readonly [string, string])[];

const origin = "https://app.example";
const asking: Pairs = [
  ["Origin", origin],
  ["Access-Control-Request-Method", "POST"],
  ["Access-Control-Request-Headers", "content-type,x-a"],
];
const allowing: Pairs = [
  ["Access-Control-Allow-Origin", origin],
  ["Access-Control-Allow-Methods", "GET, POST"],
  ["Access-Control-Max-Age", "600"],
  ["Vary", "Origin"],
];
const preflight: Request = { method: "OPTIONS", path: "/api/login", fields: asking };

const without = (pairs: Pairs, name: string): Pairs => pairs.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
const having = (pairs: Pairs, name: string, value: string): Pairs => [...without(pairs, name), [name, value]];

/** A cache before a backend that counts what reaches it. */
function cached(options: Omit<PreflightCacheOptions, "clock"> = {}, backend: Handler = answering(204, allowing)) {
  const clock = new FakeClock();
  const seen: string[] = [];
  let asked = 0;
  const handler = preflightCache({ ...options, clock, onLookup: (result) => seen.push(result) })((exchange) => {
    asked++;
    exchange.route = "web /api/*";
    return backend(exchange);
  });
  const send = (request: Request = preflight): MemoryExchange => {
    const exchange = new MemoryExchange(request);
    // The backends of this test answer at once.
    void handler(exchange);
    return exchange;
  };
  return { clock, send, seen, asked: () => asked };
}

/** Whether the same preflight, sent twice, reached the backend once. */
function keeps(
  answer: Pairs,
  { status = 204, body, ...options }: { status?: number; body?: () => Body } & Omit<PreflightCacheOptions, "clock"> = {},
) {
  const { send, asked } = cached(options, answering(status, answer, body));
  send().answer?.body.read({ data: () => true, end: () => undefined, fail: () => undefined });
  send();
  return asked() === 1;
}

test("an answer of an upstream that was started anew since is not given any more", () => {
  const versions = new Map<string, number>();
  const backend: Handler = (exchange) => {
    exchange.upstream = exchange.path.startsWith("/api") ? "api" : "site";
    return answering(204, allowing)(exchange);
  };
  const { send, seen } = cached({ versionOf: (upstream) => versions.get(upstream) ?? 0 }, backend);
  const other: Request = { ...preflight, path: "/site" };
  for (const request of [preflight, other]) send(request);
  versions.set("api", 1);
  for (const request of [preflight, other, preflight]) send(request);
  expect(seen).toEqual(["miss", "miss", "miss", "hit", "hit"]);
});

describe("the key of a preflight", () => {
  const key = (request: Request = preflight) => preflightKey(new MemoryExchange(request));

  test.each<[string, Request]>([
    ["bind", { ...preflight, bind: "internal" }],
    ["scheme", { ...preflight, secure: true }],
    ["host", { ...preflight, authority: "other.test" }],
    ["port", { ...preflight, authority: "example.test:8080" }],
    ["path", { ...preflight, path: "/api/logout" }],
    ["origin", { ...preflight, fields: having(asking, "Origin", "https://evil.example") }],
    ["method", { ...preflight, fields: having(asking, "Access-Control-Request-Method", "PUT") }],
    ["headers", { ...preflight, fields: having(asking, "Access-Control-Request-Headers", "content-type") }],
    ["no headers", { ...preflight, fields: without(asking, "Access-Control-Request-Headers") }],
  ])("is another one for another %s", (_, request) => {
    expect(key(request)).not.toBeUndefined();
    expect(key(request)).not.toBe(key());
  });

  test.each<[string, Request]>([
    ["the case of the host", { ...preflight, authority: "EXAMPLE.test" }],
    ["the query", { ...preflight, query: "?a=1" }],
    ["fields that are not asked about", { ...preflight, fields: [...asking, ["User-Agent", "x"], ["Accept", "*/*"]] }],
    [
      "order, case and repeats of the headers",
      { ...preflight, fields: having(asking, "Access-Control-Request-Headers", "X-A , content-type,x-a") },
    ],
    [
      "headers on two lines",
      {
        ...preflight,
        fields: [...having(asking, "Access-Control-Request-Headers", "x-a"), ["Access-Control-Request-Headers", "content-type"]],
      },
    ],
  ])("does not depend on %s", (_, request) => {
    expect(key(request)).toBe(key());
  });

  test.each<[string, Request]>([
    ["without Origin", { ...preflight, fields: without(asking, "Origin") }],
    ["without a method asked for (a plain OPTIONS)", { ...preflight, fields: without(asking, "Access-Control-Request-Method") }],
    ["with two origins", { ...preflight, fields: [...asking, ["Origin", "https://b.example"]] }],
    ["with two methods", { ...preflight, fields: [...asking, ["Access-Control-Request-Method", "GET"]] }],
    ["with cookies", { ...preflight, fields: [...asking, ["Cookie", "session=1"]] }],
    ["with credentials", { ...preflight, fields: [...asking, ["Authorization", "Basic eA=="]] }],
    ["with a question that is not in the key", { ...preflight, fields: [...asking, ["Access-Control-Request-Private-Network", "true"]] }],
    ["with content", { ...preflight, body: bodyOf("x") }],
    ["with content of unknown length", { ...preflight, body: { ...emptyBody, length: undefined } }],
    ["that upgrades", { ...preflight, upgrade: "websocket" }],
    ["that is very long", { ...preflight, path: `/${"x".repeat(5000)}` }],
  ])("is not there for a request %s", (_, request) => {
    expect(key(request)).toBeUndefined();
  });

  test("tells any two different questions apart", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", ",", "/", ":", "-"), minLength: 1, maxLength: 4 });
    const question = fc.record({ bind: text, authority: text, path: text, origin: text, method: text });
    fc.assert(
      fc.property(question, question, (one, two) => {
        const [first, second] = [one, two].map(({ bind, authority, path, origin: from, method }) =>
          key({
            method: "OPTIONS",
            bind,
            authority,
            path,
            fields: [
              ["Origin", from],
              ["Access-Control-Request-Method", method],
            ],
          }),
        );
        expect(first === second).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
      { numRuns: 500 },
    );
  });
});

describe("for how long an answer is kept", () => {
  test.each<[string, number, Pairs, number]>([
    ["an answer that allows the origin", 204, allowing, 600_000],
    ["one with content", 200, allowing, 600_000],
    ["one that allows all origins", 204, having(allowing, "Access-Control-Allow-Origin", "*"), 600_000],
    ["one without Access-Control-Max-Age", 204, without(allowing, "Access-Control-Max-Age"), 1234],
    ["one that Max-Age 0 forbids to keep", 204, having(allowing, "Access-Control-Max-Age", "0"), 0],
    ["a negative Max-Age", 204, having(allowing, "Access-Control-Max-Age", "-1"), 0],
    ["a Max-Age that is no number", 204, having(allowing, "Access-Control-Max-Age", "1h"), 0],
    ["two Max-Ages", 204, [...allowing, ["Access-Control-Max-Age", "5"]], 0],
    ["a Max-Age of years", 204, having(allowing, "Access-Control-Max-Age", "99999999999"), longestTtlMs],
    ["another origin allowed", 204, having(allowing, "Access-Control-Allow-Origin", "https://other.example"), 0],
    ["no origin allowed", 204, without(allowing, "Access-Control-Allow-Origin"), 0],
    ["two origins allowed", 204, [...allowing, ["Access-Control-Allow-Origin", origin]], 0],
    ["an origin in other case", 204, having(allowing, "Access-Control-Allow-Origin", origin.toUpperCase()), 0],
    ["a refusal", 403, allowing, 0],
    ["a redirect", 302, allowing, 0],
    ["a failure", 503, allowing, 0],
    ["a cookie", 204, [...allowing, ["Set-Cookie", "a=1"]], 0],
    ["content that is encoded for one client", 200, [...allowing, ["Content-Encoding", "br"]], 0],
    [
      "Vary on what is in the key",
      204,
      having(allowing, "Vary", "Origin, access-control-request-METHOD,Access-Control-Request-Headers"),
      600_000,
    ],
    ["Vary on what a preflight never has", 204, having(allowing, "Vary", "Origin, Cookie, Authorization, Accept-Encoding"), 600_000],
    ["no Vary", 204, without(allowing, "Vary"), 600_000],
    ["Vary on something else", 204, [...allowing, ["Vary", "User-Agent"]], 0],
    ["Vary on everything", 204, having(allowing, "Vary", "*"), 0],
  ])("%s (%d)", (_, status, fields, ms) => {
    expect(preflightTtlMs({ status, fields: Fields.from(fields) }, origin, 1234)).toBe(ms);
  });
});

describe("preflightCache", () => {
  test("gives the backend's answer again, byte for byte", async () => {
    const fields: Pairs = [
      ["Date", "Thu, 01 Jan 2026 00:00:00 GMT"],
      ...allowing,
      ["x-Odd-Case", "caf\xe9"],
      ["X-Twice", "1"],
      ["X-Twice", "2"],
    ];
    const { send, asked } = cached(
      {},
      answering(200, fields, () => bodyOf("allowed\n")),
    );
    const answers = [send(), send(), send()].map(({ answer, route }) => ({ answer: answer!, route }));
    for (const { answer, route } of answers) {
      expect(answer.head.status).toBe(200);
      expect([...answer.head.fields]).toEqual(fields);
      expect(route).toBe("web /api/*");
      expect(answer.body.length).toBe(8);
      expect((await readBody(answer.body)).bytes.toString()).toBe("allowed\n");
    }
    // The second came before the first was read to its end, so that there was nothing to give yet.
    expect(asked()).toBe(3);
    expect((await readBody(send().answer!.body)).bytes.toString()).toBe("allowed\n");
    expect(asked()).toBe(3);
  });

  test("asks again when the time of Access-Control-Max-Age is over", async () => {
    const { clock, send, seen } = cached();
    send();
    await clock.advance(599_999);
    send();
    await clock.advance(1);
    send();
    expect(seen).toEqual(["miss", "hit", "miss"]);
  });

  test("keeps an answer without Access-Control-Max-Age for the default time", async () => {
    const { clock, send, seen } = cached({ defaultTtlMs: 1000 }, answering(204, without(allowing, "Access-Control-Max-Age")));
    send();
    await clock.advance(999);
    send();
    await clock.advance(1);
    send();
    expect(seen).toEqual(["miss", "hit", "miss"]);
    expect(keeps(without(allowing, "Access-Control-Max-Age"))).toBe(true);
    expect(keeps(without(allowing, "Access-Control-Max-Age"), { defaultTtlMs: 0 })).toBe(false);
  });

  test("another origin gets its own answer", () => {
    const { send, asked } = cached({}, (exchange) =>
      exchange.respond({ status: 204, fields: Fields.from([["Access-Control-Allow-Origin", exchange.fields.get("origin")!]]) }, emptyBody),
    );
    for (const from of ["https://a.example", "https://b.example", "https://a.example", "https://b.example"]) {
      expect(send({ ...preflight, fields: having(asking, "Origin", from) }).field("access-control-allow-origin")).toBe(from);
    }
    expect(asked()).toBe(2);
  });

  test.each(["GET", "POST", "HEAD", "options", "PUT"])("never answers an actual request (%s)", (method) => {
    const { send, asked, seen } = cached();
    send();
    for (let sent = 0; sent < 2; sent++) send({ ...preflight, method });
    expect(asked()).toBe(3);
    expect(seen).toEqual(["miss"]);
  });

  test("what carries credentials is neither answered from memory nor remembered", () => {
    const { send, asked, seen } = cached();
    const withCookie: Request = { ...preflight, fields: [...asking, ["Cookie", "session=1"]] };
    send(withCookie);
    send();
    send(withCookie);
    expect(asked()).toBe(3);
    expect(seen).toEqual(["miss"]);
  });

  test("an answer that is changed for one client stays as it was for the next", () => {
    const { send, asked } = cached();
    send().answer?.head.fields.append("X-Mine", "1");
    send().answer?.head.fields.append("X-Mine", "2");
    expect([...send().answer!.head.fields]).toEqual(allowing);
    expect(asked()).toBe(1);
  });

  test("a reader that writes into what it got does not change what is kept", async () => {
    const { send } = cached(
      {},
      answering(200, allowing, () => bodyOf(Buffer.from("allowed"))),
    );
    for (let sent = 0; sent < 3; sent++) {
      const { bytes } = await readBody(send().answer!.body);
      expect(bytes.toString()).toBe("allowed");
      send().answer?.body.read({ data: (piece) => piece.fill(0).length > 0, end: () => undefined, fail: () => undefined });
    }
  });

  test("does not keep an answer that was cut off, has trailers or is large", () => {
    const part = (finish: (reader: Parameters<Body["read"]>[0]) => void) => (): Body => ({
      ...emptyBody,
      length: undefined,
      read: (reader) => {
        reader.data(Buffer.from("x"));
        finish(reader);
      },
    });
    expect(keeps(allowing, { status: 200, body: part((reader) => reader.end()) })).toBe(true);
    expect(keeps(allowing, { status: 200, body: part((reader) => reader.fail(new Error("cut off"))) })).toBe(false);
    expect(keeps(allowing, { status: 200, body: part((reader) => reader.end(new Fields())) })).toBe(false);
    expect(keeps(allowing, { status: 200, body: () => bodyOf(Buffer.alloc(16_384)) })).toBe(true);
    expect(keeps(allowing, { status: 200, body: () => bodyOf(Buffer.alloc(16_385)) })).toBe(false);
    expect(keeps(allowing, { status: 200, body: () => ({ ...bodyOf(Buffer.alloc(16_385)), length: undefined }) })).toBe(false);
  });

  test("passes on the pace of a reader, and that it left", () => {
    const heard: string[] = [];
    const body: Body = {
      length: 5,
      read: (reader) => heard.push(`wants more: ${reader.data(Buffer.from("abc"))}`),
      resume: () => heard.push("resumed"),
      cancel: ({ message }) => heard.push(message),
    };
    const { send } = cached(
      {},
      answering(200, allowing, () => body),
    );
    const answer = send().answer!;
    answer.body.read({ data: () => false, end: () => undefined, fail: () => undefined });
    answer.body.resume();
    answer.body.cancel(new Error("left"));
    expect(heard).toEqual(["wants more: false", "resumed", "left"]);
  });

  test("keeps the answers used last, no more than allowed", () => {
    const { send, seen } = cached({ maxEntries: 2 });
    for (const path of ["/a", "/b", "/a", "/c", "/a", "/b"]) send({ ...preflight, path });
    expect(seen).toEqual(["miss", "miss", "hit", "miss", "hit", "miss"]);
  });

  test("is bounded in bytes too", () => {
    const { send, seen } = cached({ maxBytes: 2000 }, answering(204, [...allowing, ["X-Long", "x".repeat(500)]]));
    for (const path of ["/a", "/a", "/b", "/a", "/a"]) send({ ...preflight, path });
    expect(seen).toEqual(["miss", "hit", "miss", "miss", "hit"]);
  });

  test("tells apart what else decides, if it is told", () => {
    const { send, asked } = cached({ varyBy: ({ fields }) => fields.get("user-agent") ?? "" });
    for (const agent of ["a", "b", "a"]) send({ ...preflight, fields: [...asking, ["User-Agent", agent]] });
    expect(asked()).toBe(2);
  });

  test.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxBytes: 0 }, { defaultTtlMs: -1 }, { defaultTtlMs: Number.NaN }])(
    "refuses %j when it is made",
    (options) => {
      expect(() => preflightCache({ clock: new FakeClock(), ...options })).toThrow(expect.objectContaining({ code: "MS_FILTER_OPTION" }));
    },
  );
});

describe("a bounded map", () => {
  test("holds what was used last, as a plain list does that is searched", () => {
    const step = fc.record({
      key: fc.constantFrom(..."abcdefgh"),
      bytes: fc.nat(60),
      action: fc.constantFrom("get", "set", "set", "delete"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const map = new RecentMap<number>(4, 100);
        let list: { key: string; value: number; bytes: number }[] = [];
        for (const [value, { key, bytes, action }] of steps.entries()) {
          const found = list.find((entry) => entry.key === key);
          if (action === "get") {
            expect(map.get(key)).toBe(found?.value);
            if (found) list = [...list.filter((entry) => entry !== found), found];
          } else {
            list = list.filter((entry) => entry !== found);
            if (action === "delete") map.delete(key);
            else {
              map.set(key, value, bytes);
              list.push({ key, value, bytes });
              while (list.length > 4 || list.reduce((sum, entry) => sum + entry.bytes, 0) > 100) list.shift();
            }
          }
          expect(map.size).toBe(list.length);
          expect(map.bytes).toBe(list.reduce((sum, entry) => sum + entry.bytes, 0));
        }
        for (const { key, value } of list) expect(map.get(key)).toBe(value);
      }),
    );
  });

  test("does not give up everything for one value that never fits", () => {
    const map = new RecentMap<number>(4, 100);
    map.set("a", 1, 50);
    map.set("b", 2, 101);
    expect([map.get("a"), map.get("b"), map.bytes]).toEqual([1, undefined, 50]);
  });
});
