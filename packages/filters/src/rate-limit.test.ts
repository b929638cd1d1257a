import { emptyBody, Fields, type Handler } from "@mothership/kernel";
import { answering, FakeClock, MemoryExchange, type MemoryRequest as Request, readBody } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientBuckets } from "./client-buckets.ts";
import { boundedKey, clientKey } from "./client-key.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
import { policyOf } from "./rate-limit-fields.ts";
import { afterTaking, msToFill, msUntilToken, neverTaken, rateOf, tokensAt, wholeTokens } from "./token-bucket.ts";

const ok = answering(200, []);

/** A limiter whose `send` gives the answer to one request. */
function limiter(options: Omit<RateLimitOptions, "clock">, next: Handler = ok) {
  const clock = new FakeClock();
  const handler = rateLimit({ ...options, clock })(next);
  const send = (request: Request = {}): MemoryExchange => {
    const exchange = new MemoryExchange(request);
    // Every handler of this test answers at once.
    void handler(exchange);
    return exchange;
  };
  const statuses = (count: number, request?: Request): number[] =>
    Array.from({ length: count }, () => send(request).answer?.head.status ?? 0);
  return { clock, send, statuses };
}

/** An IPv6 address in its shortest form, as the parser of URLs writes it. */
const shortForm = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail = []] = shortForm(address)
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
}

describe("a token bucket", () => {
  test("gives all it holds at once, then one each time that one has come back", () => {
    const rate = rateOf(3, 60_000);
    let fullAt = neverTaken;
    const taken: boolean[] = [];
    for (const now of [0, 0, 0, 0, 19_999, 20_000, 20_000, 40_000, 100_000, 100_000, 100_000, 100_000]) {
      const can = wholeTokens(rate, fullAt, now) >= 1;
      taken.push(can);
      if (can) fullAt = afterTaking(rate, fullAt, now);
    }
    expect(taken).toEqual([true, true, true, false, false, true, false, true, true, true, true, false]);
  });

  test("says how long to wait, and what it waits for is true then and not before", () => {
    const moments = fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1000, noNaN: true }), moments, (count, steps) => {
        const rate = rateOf(count, 60_000);
        let [now, fullAt] = [0, neverTaken];
        for (const step of steps) {
          now += step;
          expect(tokensAt(rate, fullAt, now)).toBeLessThanOrEqual(rate.capacity);
          const wait = msUntilToken(rate, fullAt, now);
          expect(wholeTokens(rate, fullAt, now + wait)).toBeGreaterThanOrEqual(1);
          if (wholeTokens(rate, fullAt, now) >= 1) fullAt = afterTaking(rate, fullAt, now);
          else expect(wholeTokens(rate, fullAt, now + wait * 0.99)).toBe(0);
        }
      }),
    );
  });

  test("lets no more through in any time than it holds and what has come back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(3000), { minLength: 1, maxLength: 300 }), (count, steps) => {
        const rate = rateOf(count, 60_000);
        let [now, fullAt, through] = [0, neverTaken, 0];
        for (const step of steps) {
          now += step;
          if (wholeTokens(rate, fullAt, now) < 1) continue;
          fullAt = afterTaking(rate, fullAt, now);
          through++;
        }
        expect(through).toBeLessThanOrEqual(rate.capacity + now / rate.msPerToken + 1e-3);
      }),
    );
  });

  test("gives as many as it holds for every rate, whatever fractions add up to", () => {
    for (let count = 1; count <= 2000; count++) {
      const rate = rateOf(count, 60_000);
      let fullAt = neverTaken;
      for (let taken = 0; taken < count; taken++) fullAt = afterTaking(rate, fullAt, 12_345.678);
      expect(wholeTokens(rate, fullAt, 12_345.678)).toBe(0);
      expect(wholeTokens(rate, fullAt - rate.msPerToken, 12_345.678)).toBe(1);
    }
  });
});

describe("the key of a client", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["", "unix"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["0:0:0:0:0:ffff:203.0.113.7", "203.0.113.7"],
    ["0000:0000:0000:0000:0000:ffff:cb00:7107", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["::4:5:6:7:8", "0:0:0:4::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::203.0.113.7", "64:ff9b:0:0::/64"],
  ])("of %j is %j", (address, key) => {
    expect(clientKey(address)).toBe(key);
  });

  test("is the first 64 bits of an IPv6 address, however it is written", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.constantFrom("as given", "short", "expanded", "capitals"), (text, form) => {
        const groups = groupsOf(text);
        const written = {
          "as given": text,
          short: shortForm(text),
          expanded: groups.map((group) => group.padStart(4, "0")).join(":"),
          capitals: text.toUpperCase(),
        }[form];
        const mapped = groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
        if (!mapped) expect(clientKey(written)).toBe(`${groups.slice(0, 4).join(":")}::/64`);
      }),
      { numRuns: 2000 },
    );
  });

  test("is the IPv4 address that an IPv6 form stands for", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom("::ffff:", "::FFFF:", "0:0:0:0:0:ffff:", "::0:ffff:"), (address, prefix) => {
        expect(clientKey(prefix + address)).toBe(address);
        expect(clientKey(shortForm(prefix + address))).toBe(address);
      }),
    );
  });

  test("has a bounded length", () => {
    expect(boundedKey("k".repeat(100_000))).toHaveLength(256);
    expect(boundedKey("short")).toBe("short");
  });
});

describe("the buckets of many clients", () => {
  const rate = rateOf(10, 60_000);

  test("are never more than allowed, and the clients seen last are remembered", () => {
    let forgotten = 0;
    const buckets = new ClientBuckets(rate, 100, (clients) => {
      forgotten += clients;
    });
    for (let client = 0; client < 1000; client++) {
      buckets.take(`client ${client}`, client);
      expect(buckets.size).toBeLessThanOrEqual(100);
    }
    for (let client = 950; client < 1000; client++) expect(buckets.fullAt(`client ${client}`)).toBe(client + rate.msPerToken);
    expect(forgotten + buckets.size).toBe(1000);
  });

  test("keep a client that comes often, whatever crowd passes by", () => {
    const buckets = new ClientBuckets(rate, 100);
    for (let other = 0; other < 10_000; other++) {
      if (other % 20 === 0) buckets.take("regular", 0);
      buckets.take(`other ${other}`, 0);
    }
    expect(buckets.fullAt("regular")).toBe(500 * rate.msPerToken);
  });

  test("are freed when they are full again, and nothing that is not full is lost", () => {
    const visit = fc.record({ client: fc.nat(20), after: fc.nat(20_000) });
    fc.assert(
      fc.property(fc.array(visit, { minLength: 1, maxLength: 200 }), (visits) => {
        const buckets = new ClientBuckets(rate, 1000, () => expect.unreachable());
        const exact = new Map<number, number>();
        let now = 0;
        for (const { client, after } of visits) {
          now += after;
          const expected = afterTaking(rate, exact.get(client) ?? neverTaken, now);
          exact.set(client, expected);
          expect(buckets.take(String(client), now)).toBe(expected);
        }
      }),
    );
    const buckets = new ClientBuckets(rate, 1000);
    for (let client = 0; client < 400; client++) buckets.take(String(client), 0);
    buckets.take("late", msToFill(rate));
    buckets.take("later", 2 * msToFill(rate));
    expect(buckets.size).toBe(2);
  });
});

describe("rateLimit", () => {
  test("lets through what a client may send in a minute, then one each time that one has come back", async () => {
    const { clock, statuses } = limiter({ perClientPerMinute: 6 });
    expect(statuses(8)).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    await clock.advance(9_999);
    expect(statuses(1)).toEqual([429]);
    await clock.advance(1);
    expect(statuses(2)).toEqual([200, 429]);
    await clock.advance(60_000);
    expect(statuses(7)).toEqual([200, 200, 200, 200, 200, 200, 429]);
  });

  test("counts each client for itself, an IPv6 network as one, and an IPv4 address in IPv6 form as that address", () => {
    const { statuses } = limiter({ perClientPerMinute: 1 });
    for (const [address, status] of [
      ["203.0.113.7", 200],
      ["203.0.113.8", 200],
      ["::ffff:203.0.113.7", 429],
      ["2001:db8::1", 200],
      ["2001:db8::2", 429],
      ["2001:db8:0:1::2", 200],
      ["", 200],
      ["", 429],
    ] as const) {
      expect(statuses(1, { address })).toEqual([status]);
    }
  });

  test("limits all clients together by the second", async () => {
    const { clock, statuses } = limiter({ globalPerSecond: 2 });
    expect([...statuses(1, { address: "203.0.113.1" }), ...statuses(2, { address: "203.0.113.2" })]).toEqual([200, 200, 429]);
    await clock.advance(500);
    expect(statuses(2)).toEqual([200, 429]);
  });

  test("a client beyond its own limit takes nothing from the others, and the global limit nothing from a client", async () => {
    const { clock, statuses } = limiter({ globalPerSecond: 4, perClientPerMinute: 2 });
    expect(statuses(100, { address: "203.0.113.1" }).filter((status) => status === 200)).toHaveLength(2);
    expect(statuses(1, { address: "203.0.113.2" })).toEqual([200]);
    expect(statuses(1, { address: "203.0.113.3" })).toEqual([200]);
    // All four are gone. These attempts must not empty the bucket of this client.
    expect(statuses(5, { address: "203.0.113.4" })).toEqual([429, 429, 429, 429, 429]);
    await clock.advance(1000);
    expect(statuses(3, { address: "203.0.113.4" })).toEqual([200, 200, 429]);
  });

  test("rule 63 (RFC 6585, 4): answers 429 with Retry-After in whole seconds, at least 1, and the RateLimit fields", async () => {
    const { clock, statuses, send } = limiter({ perClientPerMinute: 4 });
    statuses(4);
    const refused = send();
    expect(refused.answer?.head.status).toBe(429);
    expect(Object.fromEntries(refused.answer!.head.fields)).toEqual({
      "Retry-After": "15",
      RateLimit: '"client";r=0;t=15',
      "RateLimit-Policy": '"client";q=4;w=60',
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Mothership-Error": "rate-limited",
      "X-Request-Id": "id-1",
    });
    expect((await readBody(refused.answer!.body)).bytes.toString()).toBe("Too many requests. Try again in 15 seconds.\n");
    await clock.advance(14_900);
    expect(send().field("retry-after")).toBe("1");
    const fast = limiter({ perClientPerMinute: 6000 });
    fast.statuses(6000);
    expect(fast.send().field("retry-after")).toBe("1");
  });

  test("rule 63: whoever waits as long as Retry-After says is let through", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.5, max: 200, noNaN: true }), fc.nat(5000), async (perClientPerMinute, pause) => {
        const { clock, send, statuses } = limiter({ perClientPerMinute });
        statuses(Math.ceil(perClientPerMinute));
        await clock.advance(pause);
        const answer = send();
        if (answer.answer?.head.status === 200) return;
        const seconds = answer.field("retry-after")!;
        expect(seconds).toMatch(/^[1-9]\d*$/);
        await clock.advance(Number(seconds) * 1000);
        expect(statuses(1)).toEqual([200]);
      }),
      { numRuns: 50 },
    );
  });

  test("does not tell strangers what the whole machine can take", () => {
    const { statuses, send } = limiter({ globalPerSecond: 0.5 });
    statuses(1);
    const refused = send();
    expect(refused.field("ratelimit")).toBe('"global";r=0;t=2');
    expect(refused.field("retry-after")).toBe("2");
    expect(refused.field("ratelimit-policy")).toBeUndefined();
  });

  test("tells a client before its quota is used up, beside what the upstream says about its own", () => {
    const { send } = limiter({ perClientPerMinute: 8 }, answering(200, [["RateLimit", '"api";r=5;t=1']]));
    const told = Array.from({ length: 8 }, () => send().field("ratelimit"));
    expect(told.slice(0, 6)).toEqual(Array(6).fill('"api";r=5;t=1'));
    expect(told.slice(6)).toEqual(['"api";r=5;t=1, "client";r=1;t=53', '"api";r=5;t=1, "client";r=0;t=60']);
  });

  test("keeps a low quota out of redirects, which a client might hold back", () => {
    const { send } = limiter({ perClientPerMinute: 1 }, answering(302, []));
    expect(send().field("ratelimit")).toBeUndefined();
  });

  test.each([
    [100, '"client";q=100;w=60'],
    [100.5, '"client";q=100;w=60'],
    [1.5, '"client";q=1;w=40'],
    [1, '"client";q=1;w=60'],
    [0.5, '"client";q=1;w=120'],
    [6e7, '"client";q=60000000;w=60'],
  ])("describes %d a minute as %s", (perClientPerMinute, policy) => {
    expect(policyOf(rateOf(perClientPerMinute, 60_000))).toBe(policy);
  });

  test("never asks anybody to wait for more than a day", () => {
    const { statuses, send } = limiter({ perClientPerMinute: 1e-300 });
    expect(statuses(1)).toEqual([200]);
    expect(send().field("retry-after")).toBe("86400");
  });

  test("rule 63: decides before anything of the body is read", () => {
    let touched = 0;
    const count = (): void => {
      touched++;
    };
    const body = { length: 10, read: count, resume: count, cancel: count };
    const { send } = limiter({ perClientPerMinute: 1 });
    expect([send({ body }), send({ body })].map(({ answer }) => answer?.head.status)).toEqual([200, 429]);
    expect(touched).toBe(0);
  });

  test("reports each refusal with its scope", () => {
    const seen: string[] = [];
    const { statuses } = limiter({ globalPerSecond: 3, perClientPerMinute: 2, onLimited: (scope) => seen.push(scope) });
    statuses(3, { address: "203.0.113.1" });
    statuses(2, { address: "203.0.113.2" });
    expect(seen).toEqual(["client", "global"]);
  });

  test("counts by whatever name it is told to", () => {
    const { statuses } = limiter({ perClientPerMinute: 1, clientOf: ({ fields }) => fields.get("x-api-key") ?? "none" });
    expect(statuses(2, { fields: [["X-Api-Key", "a"]] })).toEqual([200, 429]);
    expect(statuses(1, { fields: [["X-Api-Key", "b"]] })).toEqual([200]);
  });

  test("is not there when nothing is limited", () => {
    const next: Handler = (exchange) => exchange.respond({ status: 200, fields: new Fields() }, emptyBody);
    expect(rateLimit({ clock: new FakeClock() })(next)).toBe(next);
  });

  test.each([
    { globalPerSecond: 0 },
    { globalPerSecond: -1 },
    { globalPerSecond: Number.NaN },
    { perClientPerMinute: Number.POSITIVE_INFINITY },
    { perClientPerMinute: 1, maxClients: 1 },
    { perClientPerMinute: 1, maxClients: 2.5 },
  ])("refuses %j when it is made", (options) => {
    expect(() => rateLimit({ clock: new FakeClock(), ...options })).toThrow(expect.objectContaining({ code: "MS_FILTER_OPTION" }));
  });
});
