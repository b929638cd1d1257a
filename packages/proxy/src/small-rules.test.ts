import { createHash } from "node:crypto";
import { Fields, silentLogger } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { fakeIncoming } from "../test/incoming.ts";
import { isForProxy, refusalOf } from "./admission.ts";
import { answerFor } from "./failure.ts";
import { idSource } from "./ids.ts";
import { mayRetry } from "./retry.ts";
import { throttledWarning } from "./throttled-warning.ts";
import { acceptOf, handshakeProblem } from "./websocket.ts";

describe("what is refused whatever is routed", () => {
  test.each(["CONNECT", "TRACE"])("rule 11 (RFC 9110, 9.3): %s, which would open the proxy or echo credentials", (method) => {
    expect(refusalOf(fakeIncoming({ method }), undefined)?.status).toBe(405);
  });

  test("rule 25 (RFC 9110, 7.6.3): a request that has passed ten times", () => {
    const passed = (times: number) => fakeIncoming({ fields: [["Via", Array(times).fill("1.1 edge").join(", ")]] });
    expect(refusalOf(passed(9), "edge")).toBeUndefined();
    expect(refusalOf(passed(10), "edge")?.status).toBe(508);
    expect(refusalOf(passed(10), undefined)).toBeUndefined();
  });

  test("rule 12 (RFC 9110, 7.6.2): the proxy answers OPTIONS that is for the server or may go no further", () => {
    expect(isForProxy(fakeIncoming({ method: "OPTIONS", target: "*" }))).toBe(true);
    expect(isForProxy(fakeIncoming({ method: "OPTIONS", target: "/", fields: [["Max-Forwards", "0"]] }))).toBe(true);
    expect(isForProxy(fakeIncoming({ method: "OPTIONS", target: "/", fields: [["Max-Forwards", "1"]] }))).toBe(false);
    expect(isForProxy(fakeIncoming({ method: "GET", target: "/", fields: [["Max-Forwards", "0"]] }))).toBe(false);
  });
});

describe("rule 55 and 56 (RFC 9112, 9.3.1): what may be sent a second time", () => {
  test.each([
    // stale, method, bodyless, again
    [true, "GET", true, true],
    [true, "DELETE", true, true],
    [true, "GET", false, false],
    [true, "POST", true, false],
    [true, "PATCH", true, false],
    [false, "GET", true, false],
  ])("stale %s, %s, bodyless %s: %s", (stale, method, bodyless, again) => {
    expect(mayRetry({ stale }, method, bodyless)).toBe(again);
  });
});

describe("rule 52 (RFC 6455, 4.2.1): the opening handshake", () => {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  test.each([
    [{ version: "13", keys: [key] }, undefined],
    [{ version: "8", keys: [key] }, "version"],
    [{ version: undefined, keys: [key] }, "version"],
    [{ version: "13", keys: [] }, "key"],
    [{ version: "13", keys: [key, key] }, "key"],
    [{ version: "13", keys: ["c2hvcnQ="] }, "key"],
    [{ version: "13", keys: ["dGhlIHNhbXBsZSBub25jZB=="] }, "key"],
    [{ version: "13", keys: ["dGhlIHNhbXBsZSBub25jZQ"] }, "key"],
  ])("%j: %s", ({ version, keys }, problem) => {
    const fields = Fields.from(keys.map((value) => ["Sec-WebSocket-Key", value] as const));
    if (version !== undefined) fields.append("Sec-WebSocket-Version", version);
    expect(handshakeProblem(fields)).toBe(problem);
  });

  test("accepts with the answer of the RFC's own example", () => {
    expect(acceptOf(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(acceptOf("x")).toBe(createHash("sha1").update("x258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64"));
  });
});

describe("rule 65 (RFC 9110, 15.6): upstreams that refuse, are overloaded, late or wrong are told apart", () => {
  test.each([
    ["MS_HTTP1_CONNECT_FAILED", "502 upstream-unreachable"],
    ["MS_HTTP1_UPSTREAM_CLOSED", "502 upstream-closed"],
    ["MS_HTTP1_TRUNCATED", "502 upstream-closed"],
    ["MS_HTTP1_BAD_RESPONSE", "502 upstream-invalid"],
    ["MS_HTTP1_QUEUE_FULL", "503 upstream-overloaded"],
    ["MS_HTTP1_QUEUE_TIMEOUT", "503 upstream-overloaded"],
    ["MS_HTTP1_POOL_CLOSED", "503 upstream-unavailable"],
    ["MS_HTTP1_CONNECT_TIMEOUT", "504 upstream-timeout"],
    ["MS_HTTP1_FIRST_BYTE_TIMEOUT", "504 upstream-timeout"],
    ["MS_HTTP1_STALLED", "504 upstream-timeout"],
    ["MS_HTTP1_REQUEST_BODY_FAILED", "400 body-cut"],
    ["MS_HTTP1_REQUEST_INVALID", "500 internal"],
  ] as const)("%s: %s", (code, told) => {
    const { status, reason } = answerFor({ code });
    expect(`${status} ${reason}`).toBe(told);
  });
});

test("ids are unique within a source and between sources", () => {
  const ids = [idSource(), idSource()].flatMap((next) => Array.from({ length: 1000 }, next));
  expect(new Set(ids).size).toBe(2000);
});

describe("a throttled warning", () => {
  const throttled = () => {
    const clock = new FakeClock();
    const lines: unknown[] = [];
    return { clock, lines, warn: throttledWarning({ ...silentLogger, warn: (_, fields) => lines.push(fields) }, clock) };
  };

  test("tells the last and how many it left out when its time is over, also when nothing follows", async () => {
    const { clock, lines, warn } = throttled();
    for (let count = 0; count < 5; count++) warn("x", { count });
    expect(lines).toEqual([{ count: 0 }]);
    await clock.advance(1000);
    expect(lines).toEqual([{ count: 0 }, { count: 4, suppressed: 3 }]);
    warn("x", { count: 9 });
    await clock.advance(1000);
    expect(lines.slice(2)).toEqual([{ count: 9 }]);
    await clock.advance(1000);
    warn("x", { count: 10 });
    expect(lines.slice(3)).toEqual([{ count: 10 }]);
  });

  test("tells what it left out when it is closed, and leaves nothing out after that", async () => {
    const { clock, lines, warn } = throttled();
    for (let count = 0; count < 3; count++) warn("x", { count });
    warn[Symbol.dispose]();
    warn("x", { count: 3 });
    await clock.advance(10_000);
    expect(lines).toEqual([{ count: 0 }, { count: 2, suppressed: 1 }, { count: 3 }]);
  });
});
