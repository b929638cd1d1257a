import { Fields, maxSocketPathBytes } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { after, type ClientCause, type ClientState } from "./client-state.ts";
import { codeForClient, codeOfError, fitReason, isSendable } from "./close-codes.ts";
import { bayAddress, bayEnvironment, configStrings, socketFolder } from "./environment.ts";
import { acceptOf, readHandshake } from "./handshake.ts";
import { acceptanceHead, boardingHeaders } from "./headers.ts";
import { History } from "./history.ts";
import { Budget, heldCost, Outbox } from "./outbox.ts";
import { Pressure } from "./pressure.ts";
import { Sentinel } from "./sentinel.ts";
import { Turns } from "./turns.ts";

type Exchange = Parameters<typeof readHandshake>[0];

function exchangeOf(fields: readonly (readonly [string, string])[], more: object = {}): Exchange {
  const incoming = { method: "GET", version: "1.1", upgrade: "websocket", authority: "example.org", ...more };
  // Only what the rules look at.
  return {
    incoming,
    fields: Fields.from(fields),
    client: { address: "203.0.113.9", port: 1, secure: true },
    id: "r1",
  } as unknown as Exchange;
}

describe("close codes", () => {
  test("that may stand in a close frame are those of RFC 6455 and its registry", () => {
    const sendable = Array.from({ length: 6_000 }, (_, code) => code).filter(isSendable);
    const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    expect(sendable).toEqual([...registered, ...Array.from({ length: 2_000 }, (_, at) => 3_000 + at)]);
  });

  test.each([
    [1000, 1000],
    [1005, undefined],
    [1006, 1011],
    [1015, 1011],
    [0, 1011],
    [2_999, 1011],
    [65_535, 1011],
  ])("%i becomes %s", (code, sent) => {
    expect(codeForClient(code)).toBe(sent);
  });

  test("reasons are cut where a character ends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (reason) => {
        const fitted = fitReason(reason.toWellFormed());
        expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(123);
        expect(reason.toWellFormed().startsWith(fitted)).toBe(true);
        if (Buffer.byteLength(reason) > 123) expect(Buffer.byteLength(fitted)).toBeGreaterThan(119);
      }),
    );
  });

  test.each([
    ["WS_ERR_INVALID_UTF8", 1007],
    ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
    ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
    ["WS_ERR_UNEXPECTED_RSV_1", 1002],
    ["ECONNRESET", 1006],
  ])("%s stands for %i", (code, number) => {
    expect(codeOfError(Object.assign(new Error("x"), { code }))).toBe(number);
  });
});

describe("the handshake", () => {
  const good = [
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ["Sec-WebSocket-Version", "13"],
  ] as const;

  test("gives the accept value, the sub-protocols of all fields in order, and the extensions", () => {
    const fields = [
      ...good,
      ["Sec-WebSocket-Protocol", "a, b"],
      ["sec-websocket-protocol", "c"],
      ["Sec-WebSocket-Extensions", "x"],
    ] as const;
    expect(readHandshake(exchangeOf(fields))).toEqual({
      accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      protocols: ["a", "b", "c"],
      extensions: "x",
    });
    expect(acceptOf("x3JJHMbDL1EzLkh9GBhXDw==")).toBe("HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
  });

  test.each<readonly [string, Exchange, number]>([
    ["no upgrade", exchangeOf(good, { upgrade: undefined }), 426],
    ["another method", exchangeOf(good, { method: "POST" }), 405],
    ["no version", exchangeOf(good.slice(0, 1)), 426],
    ["version 13 twice", exchangeOf([good[0], ["Sec-WebSocket-Version", "13, 13"]]), 426],
    ["no key", exchangeOf(good.slice(1)), 400],
    ["two keys", exchangeOf([...good, good[0]]), 400],
    ["a key of 15 bytes", exchangeOf([["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"], good[1]]), 400],
    ["a key with bits beyond its 16 bytes", exchangeOf([["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="], good[1]]), 400],
    ["an empty sub-protocol", exchangeOf([...good, ["Sec-WebSocket-Protocol", "a,,b"]]), 400],
  ])("is refused for %s", (_, exchange, status) => {
    expect(readHandshake(exchange)).toMatchObject({ status });
  });

  test("needs no key over HTTP/2 (RFC 8441, 5)", () => {
    expect(readHandshake(exchangeOf(good.slice(1), { version: "2.0", method: "CONNECT" }))).toMatchObject({ accept: undefined });
    expect(acceptanceHead({ accept: undefined, protocol: "", extensions: "", headers: [] })).toMatchObject({ status: 200 });
  });

  test("can be limited to origins; what is no browser sends none", () => {
    const origins = ["https://example.org"];
    const from = (origin: string) => readHandshake(exchangeOf([...good, ["Origin", origin]]), origins);
    expect(from("https://example.org")).toHaveProperty("accept");
    expect(from("HTTPS://Example.org")).toHaveProperty("accept");
    for (const origin of ["https://example.org.evil", "http://example.org", "null", ""])
      expect(from(origin)).toMatchObject({ status: 403 });
    expect(readHandshake(exchangeOf(good), origins)).toHaveProperty("accept");
  });
});

describe("headers", () => {
  test("of a Boarding are the request's, in lower case and joined, without those of the connection", () => {
    const fields = [
      ["Host", "example.org"],
      ["Cookie", "a=1"],
      ["cookie", "b=2"],
      ["X-Any", "1"],
      ["x-any", "2"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", "k"],
      ["X-Forwarded-For", "198.51.100.1, 203.0.113.9"],
      ["__proto__", "polluted"],
      ["X-Bytes", "\xe9"],
    ] as const;
    const headers = boardingHeaders(exchangeOf(fields));
    expect(Object.entries(headers)).toEqual([
      ["host", "example.org"],
      ["cookie", "a=1; b=2"],
      ["x-any", "1, 2"],
      ["x-forwarded-for", "198.51.100.1, 203.0.113.9"],
      ["__proto__", "polluted"],
      ["x-bytes", "\xe9"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "example.org"],
      ["x-request-id", "r1"],
    ]);
  });

  test("that a bay may not say are left out of its answer, and one that would split it spoils it", () => {
    const accept = (headers: readonly (readonly [string, string])[]) =>
      acceptanceHead({ accept: "A", protocol: "p", extensions: "", headers });
    const forged = [
      "Sec-WebSocket-Accept",
      "sec-websocket-protocol",
      "Sec-WebSocket-Extensions",
      "Connection",
      "Upgrade",
      "Content-Length",
      "Transfer-Encoding",
    ];
    expect([...(accept(forged.map((name) => [name, "x"] as const))?.fields ?? [])]).toEqual([
      ["Sec-WebSocket-Accept", "A"],
      ["Sec-WebSocket-Protocol", "p"],
    ]);
    expect(accept([["X-Split", "a\r\nSet-Cookie: b"]])).toBeUndefined();
    expect(accept([["X Y", "a"]])).toBeUndefined();
    expect(accept([["X-Wide", "\u0100"]])).toBeUndefined();
  });
});

describe("the environment of a bay", () => {
  test("has the five variables", () => {
    expect(bayEnvironment("echo", "/run/mothership", "websocket", 42)).toEqual({
      MS_PID: "42",
      MS_SHIP: "echo",
      MS_SOCKET_DIR: "/run/mothership",
      MS_SOCKET_PATH: "/run/mothership/echo.sock",
      MS_BAY_TYPE: "websocket",
    });
  });

  test("refuses a path that is longer than a socket's may be", () => {
    const name = "n".repeat(maxSocketPathBytes() - "/run/.sock".length);
    expect(bayAddress(name, "/run").path).toHaveLength(maxSocketPathBytes());
    expect(() => bayAddress(`${name}n`, "/run")).toThrowError(expect.objectContaining({ code: "MS_ADDRESS_INVALID" }));
  });

  test("finds the folder of the sockets", () => {
    expect(socketFolder({ MS_SOCKET_DIR: "/a", XDG_RUNTIME_DIR: "/b" })).toBe("/a");
    expect(socketFolder({ XDG_RUNTIME_DIR: "/b" })).toBe("/b/mothership");
    expect(socketFolder({})).toMatch(/\/mothership$/);
  });

  test("carries a configuration as text", () => {
    const config = { text: "a", number: 4, float: 1.5, yes: true, big: 9_007_199_254_740_993n, list: [1, "b"], date: new Date(0) };
    expect(configStrings(config)).toEqual({
      text: "a",
      number: "4",
      float: "1.5",
      yes: "true",
      big: "9007199254740993",
      list: '[1,"b"]',
      date: "1970-01-01T00:00:00.000Z",
    });
  });
});

describe("the states of a client", () => {
  const states = ["waiting", "asking", "open", "adrift", "again", "leaving", "closing", "gone"] as const satisfies readonly ClientState[];
  const causes = ["boarding", "opened", "lost", "left", "closed", "over"] as const satisfies readonly ClientCause[];
  // Columns as in `causes`; "-" is ignored.
  const expected: Record<ClientState, readonly (ClientState | "-")[]> = {
    waiting: ["asking", "-", "-", "-", "-", "gone"],
    asking: ["-", "open", "waiting", "-", "-", "gone"],
    open: ["-", "-", "adrift", "leaving", "closing", "gone"],
    adrift: ["again", "-", "-", "-", "closing", "gone"],
    again: ["-", "open", "adrift", "-", "closing", "gone"],
    leaving: ["-", "-", "-", "-", "-", "gone"],
    closing: ["-", "-", "-", "-", "-", "gone"],
    gone: ["-", "-", "-", "-", "-", "-"],
  };

  test.each(states)("%s", (state) => {
    expect(causes.map((cause) => after(state, cause) ?? "-")).toEqual(expected[state]);
  });
});

describe("the outbox", () => {
  test("counts every message into the budget, empty ones too, and gives all of it back", () => {
    const budget = new Budget(1_000);
    const [one, other] = [new Outbox(budget), new Outbox(budget)];
    one.push({ data: new Uint8Array(0), binary: false });
    other.push({ data: new Uint8Array(10), binary: false });
    expect([one.bytes, other.bytes, budget.used]).toEqual([heldCost, heldCost + 10, 2 * heldCost + 10]);
    one.shift();
    one.shift();
    other.clear();
    expect([one.empty, other.empty, budget.used, budget.exceeded]).toEqual([true, true, 0, false]);
  });

  test("keeps the order of many in little time", () => {
    const outbox = new Outbox(new Budget(0));
    const seen: number[] = [];
    for (let count = 0; count < 100_000; count++) outbox.push({ data: Uint8Array.of(count % 251), binary: false });
    for (let first = outbox.first; first; first = outbox.first) {
      seen.push(first.data[0]!);
      outbox.shift();
    }
    expect(seen.every((value, at) => value === at % 251)).toBe(true);
    expect(seen).toHaveLength(100_000);
  });
});

describe("turns", () => {
  test("are taken in order, by everyone once, and can be given up", () => {
    const operation = fc.tuple(fc.constantFrom("add", "delete", "next"), fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const turns = new Turns<number>();
        const model: number[] = [];
        for (const [what, one] of operations) {
          const subject = what === "next" ? model[0] : one;
          if (what === "add" && !model.includes(one)) model.push(one);
          if (what !== "add" && subject !== undefined && model.includes(subject)) model.splice(model.indexOf(subject), 1);
          if (what === "add") turns.add(one);
          else if (what === "delete") turns.delete(one);
          else if (turns.first !== undefined) turns.delete(turns.first);
          expect([turns.first, turns.size, turns.has(one)]).toEqual([model[0], model.length, model.includes(one)]);
        }
      }),
    );
  });
});

describe("pressure", () => {
  function setting(limit = 100) {
    const clock = new FakeClock();
    const valve: boolean[] = [];
    const cut: string[] = [];
    const pressure = new Pressure<{ readonly name: string; stalled(): number }>(limit, 1_000, clock, (open) => void valve.push(open));
    const client = (name: string, holds: number) => ({ name, stalled: () => cut.push(name) && holds });
    return { clock, valve, cut, pressure, client };
  }

  test("cuts whoever took nothing for the time, the longest first, and no more than needed", async () => {
    const { clock, cut, pressure, client } = setting();
    const [a, b, c] = [client("a", 30), client("b", 30), client("c", 30)];
    pressure.add(a, 30);
    await clock.advance(100);
    pressure.add(b, 30);
    await clock.advance(100);
    pressure.add(c, 30);
    await clock.advance(799);
    expect(cut).toEqual([]);
    // 90 wait and 50 may: b's turn comes a little later, and its 30 are enough then.
    await clock.advance(1);
    expect(cut).toEqual(["a"]);
    pressure.took(a, 30, 0);
    await clock.advance(100);
    expect(cut).toEqual(["a", "b"]);
    pressure.took(b, 30, 0);
    await clock.advance(10_000);
    expect([cut, clock.pending]).toEqual([["a", "b"], 0]);
  });

  test("leaves those alone who take something, however little, and everyone while there is room", async () => {
    const { clock, cut, pressure, client } = setting();
    const [slow, calm] = [client("slow", 80), client("calm", 10)];
    pressure.add(calm, 10);
    pressure.add(slow, 80);
    for (let round = 0; round < 20; round++) {
      await clock.advance(500);
      pressure.took(slow, 1, 80);
      pressure.add(slow, 1);
    }
    expect(cut).toEqual(["calm"]);
    const roomy = setting(1_000);
    roomy.pressure.add(roomy.client("a", 500), 500);
    await roomy.clock.advance(100_000);
    expect([roomy.cut, roomy.clock.pending]).toEqual([[], 0]);
  });

  test("turns the valve off at the limit and on again when half of it is free", () => {
    const { valve, pressure, client } = setting();
    const a = client("a", 0);
    pressure.add(a, 100);
    expect(valve).toEqual([]);
    pressure.add(a, 1);
    pressure.add(a, 1);
    pressure.took(a, 51, 51);
    expect(valve).toEqual([false]);
    pressure.took(a, 1, 50);
    expect(valve).toEqual([false, true]);
    pressure.close();
  });
});

describe("the sentinel", () => {
  test("pings everyone once in each interval, not all at once, and rests when there is nobody", async () => {
    const clock = new FakeClock();
    const sentinel = new Sentinel<{ readonly connId: number; ping(): void }>(1_600, clock);
    const pings: number[] = [];
    const clients = Array.from({ length: 160 }, (_, connId) => ({ connId, ping: () => void pings.push(connId) }));
    for (const client of clients) sentinel.add(client);
    await clock.advance(100);
    expect(pings).toHaveLength(10);
    await clock.advance(1_500);
    expect(pings.toSorted((a, b) => a - b)).toEqual(clients.map(({ connId }) => connId));
    for (const client of clients) sentinel.remove(client);
    expect(clock.pending).toBe(0);
  });
});

describe("the history of a client", () => {
  test("adds up what it went through on all links", () => {
    const history = new History();
    const frame = { type: "boarding", connId: 7, path: "/", remoteAddr: "", headers: {}, protocols: [] } as const;
    expect(history.kept).toBe(false);
    history.keep(frame);
    history.add({ sent: 5, acknowledged: 4 });
    history.delivered += 3;
    expect(history.again(true)).toEqual({ ...frame, reboarding: { epoch: 1, sent: 5, taken: 4, delivered: 3 } });
    history.add({ sent: 2, acknowledged: 2 });
    expect(history.inDoubt).toBe(1);
    expect(history.again(false)).toEqual(frame);
    expect(history.epoch).toBe(2);
  });
});
