import { emptyBody, Fields, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { fakeIncoming, type RequestParts } from "../test/incoming.ts";
import { type AccessEntry, type AccessLogOptions, accessLog } from "./access-log.ts";
import { trustedProxies } from "./client.ts";
import { ProxyExchange } from "./exchange.ts";

/** Sends one request through the middleware and ends it. */
async function logged(
  parts: RequestParts,
  status: number | undefined,
  end: "complete" | "clientLeft" | "aborted",
  options: AccessLogOptions = {},
) {
  const clock = new FakeClock();
  const entries: AccessEntry[] = [];
  const incoming = fakeIncoming({ target: "/a?token=secret", ...parts });
  const peer = { address: "198.51.100.9", port: 1, secure: false, trusted: false };
  const exchange = new ProxyExchange(incoming, "/a", "?token=secret", peer, {
    bind: "http",
    trusted: trustedProxies([]),
    forwarding: {},
    log: silentLogger,
    nextId: () => "id",
  });
  await accessLog(
    (entry) => entries.push(entry),
    { clock, log: silentLogger },
    options,
  )((given) => {
    given.path = "/changed";
    given.route = "/.*";
    given.upstream = "app";
    if (status !== undefined) given.respond({ status, fields: new Fields() }, emptyBody);
  })(exchange);
  expect(entries).toEqual([]);
  await clock.advance(12.3456);
  incoming.finish(end);
  return entries;
}

describe("accessLog", () => {
  test("writes one entry when the request has ended", async () => {
    expect(await logged({ fields: [["User-Agent", "curl/8"]] }, 200, "complete")).toEqual([
      {
        at: Date.UTC(2026, 0, 1),
        requestId: "id",
        bind: "http",
        client: "198.51.100.9",
        method: "GET",
        host: "example.test",
        path: "/a",
        query: "?token=secret",
        version: "1.1",
        route: "/.*",
        upstream: "app",
        status: 200,
        end: "complete",
        firstByteMs: 0,
        durationMs: 12.346,
        requestBytes: 0,
        responseBytes: 0,
        userAgent: "curl/8",
      },
    ]);
  });

  test("rule 65: a client that left before an answer is 499, a connection that was cut before one is 0", async () => {
    expect(await logged({}, undefined, "clientLeft")).toMatchObject([{ status: 499, firstByteMs: undefined }]);
    expect(await logged({}, undefined, "aborted")).toMatchObject([{ status: 0 }]);
    expect(await logged({}, 200, "clientLeft")).toMatchObject([{ status: 200, end: "clientLeft" }]);
  });

  test("writes a sample, and every failure", async () => {
    const quarter = (random: number) => ({ sample: 0.25, random: () => random });
    expect(await logged({}, 200, "complete", quarter(0.24))).toHaveLength(1);
    expect(await logged({}, 200, "complete", quarter(0.25))).toHaveLength(0);
    expect(await logged({}, 502, "complete", quarter(0.99))).toHaveLength(1);
  });
});
