import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { inspectModule } from "../src/inspect.ts";
import { payloadMiddleware } from "../src/path/middleware.ts";
import type { PayloadSpec } from "../src/spec.ts";
import { answering, type ExchangeParts, TestExchange } from "./support/exchange.ts";
import { bench, requestContext, responseContext } from "./support/guests.ts";

function built(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../../examples/payloads/built/${name}.wasm`, import.meta.url)));
}

async function path(name: string, spec: Partial<PayloadSpec>, next = answering()) {
  const { deps, open } = bench();
  const payload = await open(built(name), { name, ...spec });
  const handler = payloadMiddleware([payload], deps)(next);
  return async (parts: ExchangeParts = {}): Promise<TestExchange> => {
    const exchange = new TestExchange(parts);
    await handler(exchange);
    return exchange;
  };
}

test.each(["header-auth", "bot-block", "security-headers"])("%s is small and fits the ABI", (name) => {
  const bytes = built(name);
  expect(bytes.length).toBeLessThan(10_000);
  expect(inspectModule(bytes)).toMatchObject({ abi: "native", problems: [] });
});

describe("header-auth", () => {
  const config = { tokens: "alpha  beta", realm: "staff" };

  test.each([
    [undefined, 401],
    ["Bearer alpha", 200],
    ["bearer beta", 200],
    ["Bearer bet", 401],
    ["Bearer ", 401],
    ["Bearer", 401],
    ["Basic alpha", 401],
    ["alpha", 401],
    ["Bearer alpha beta", 401],
  ])("answers %s with %i", async (value, status) => {
    const send = await path("header-auth", { config });
    const exchange = await send({ fields: value === undefined ? [] : [["Authorization", value]] });
    expect((await exchange.seen())!.status).toBe(status);
    // What let the request pass goes no further.
    if (status === 200) expect(exchange.fields.has("authorization")).toBe(false);
  });

  test("says how to come in", async () => {
    const exchange = await (await path("header-auth", { config }))();
    expect(await exchange.seen()).toMatchObject({ headers: { "www-authenticate": "Bearer realm='staff'" } });
  });

  test("looks in another header, and lets nobody in without tokens", async () => {
    const send = await path("header-auth", { config: { tokens: 'q"uote\\', header: "X-Api-Key" } });
    expect((await (await send({ fields: [["x-api-key", 'q"uote\\']] })).seen())!.status).toBe(200);
    expect((await (await send({ fields: [["x-api-key", "quote"]] })).seen())!.status).toBe(401);
    const empty = await path("header-auth", {});
    expect((await (await empty({ fields: [["authorization", "Bearer "]] })).seen())!.status).toBe(401);
  });
});

describe("bot-block", () => {
  const config = { agents: "curl,Scrapy,-", countries: "XX,YY", status: "451" };

  test.each([
    [[["User-Agent", "Mozilla/5.0"]], 200],
    [[["User-Agent", "CURL/8.0"]], 451],
    [[["User-Agent", "my scrapy 1"]], 451],
    [[], 451],
    [
      [
        ["User-Agent", "Mozilla/5.0"],
        ["CF-IPCountry", "yy"],
      ],
      451,
    ],
    [
      [
        ["User-Agent", "Mozilla/5.0"],
        ["CF-IPCountry", "YYY"],
      ],
      200,
    ],
    [
      [
        ["User-Agent", "Mozilla/5.0"],
        ["CF-IPCountry", "ZZ"],
      ],
      200,
    ],
    [[["User-Agent", 'quoted \\"curl\\"']], 451],
  ] as const)("answers %j with %i", async (fields, status) => {
    const send = await path("bot-block", { config });
    expect((await (await send({ fields })).seen())!.status).toBe(status);
  });

  test("lets everybody in without a configuration, and knows another header for the country", async () => {
    expect((await (await (await path("bot-block", {}))()).seen())!.status).toBe(200);
    const send = await path("bot-block", { config: { countries: "XX", country_header: "x-country" } });
    expect((await (await send({ fields: [["X-Country", "XX"]] })).seen())!.status).toBe(403);
  });

  test("gives no verdict on a configuration that it cannot hold", async () => {
    const send = await path("bot-block", { config: { agents: "a".repeat(20_000) } });
    expect((await (await send()).seen())!.status).toBe(503);
  });
});

describe("security-headers", () => {
  test("adds what is missing and takes off what tells too much", async () => {
    const next = answering("text", [
      ["Server", "nginx"],
      ["X-Powered-By", "PHP"],
      ["X-Frame-Options", "SAMEORIGIN"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
    const send = await path("security-headers", { phase: "response", config: { csp: "default-src 'self'" } }, next);
    const exchange = await send();
    expect((await exchange.seen())!.headers).toEqual({
      "x-frame-options": "SAMEORIGIN",
      "set-cookie": "b=2",
      "x-content-type-options": "nosniff",
      "referrer-policy": "strict-origin-when-cross-origin",
      "content-security-policy": "default-src 'self'",
    });
  });

  test("speaks of HTTPS only over HTTPS", async () => {
    const payload = await bench().open(built("security-headers"), { phase: "response", config: { hsts: "600" } });
    const verdict = payload.response!(requestContext(), responseContext());
    expect(verdict.action === "continue" && verdict.changes.edits).toContainEqual({
      kind: "set",
      name: "Strict-Transport-Security",
      value: "max-age=600; includeSubDomains",
    });
  });
});

test.each([
  ["header-auth", { tokens: "alpha" }],
  ["bot-block", { agents: "curl" }],
])("%s stays within its memory over many calls", async (name, config) => {
  const payload = await bench().open(built(name), { config });
  const request = {
    fields: [
      ["Authorization", "Bearer alpha"],
      ["User-Agent", "x".repeat(500)],
    ] as const,
  };
  for (let count = 0; count < 5000; count++) expect(payload.request!(requestContext(request)).verdict.action).toBe("continue");
  expect(payload.stats).toMatchObject({ recycled: 0, instances: 1 });
  expect(payload.stats.memoryBytes).toBeLessThan(512 * 1024);
});
