import { silentLogger } from "@mothership/kernel";
import { readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { fakeIncoming } from "../test/incoming.ts";
import { trustedProxies } from "./client.ts";
import { ProxyExchange } from "./exchange.ts";
import { answers, preferredKind, reply } from "./reply.ts";

async function answered(accept: string | undefined, answer: Parameters<typeof reply>[1], id = "id-1") {
  const incoming = fakeIncoming({ fields: accept === undefined ? [] : [["Accept", accept]] });
  const peer = { address: "198.51.100.9", port: 1, secure: false, trusted: false };
  const context = { bind: "http", trusted: trustedProxies([]), forwarding: {}, log: silentLogger, nextId: () => id };
  reply(new ProxyExchange(incoming, "/", "", peer, context), answer);
  const { head, body } = incoming.answer!;
  return { status: head.status, fields: Object.fromEntries([...head.fields]), text: (await readBody(body)).bytes.toString() };
}

describe("reply", () => {
  test("is text, is not cached, and names the reason and the request", async () => {
    const { status, fields, text } = await answered(undefined, answers.unreachable);
    expect(status).toBe(502);
    expect(fields).toEqual({
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      Vary: "Accept",
      "X-Mothership-Error": "upstream-unreachable",
      "X-Request-Id": "id-1",
    });
    expect(text).toContain("502 Bad Gateway");
    expect(text).toContain("request: id-1");
  });

  test("is JSON for a program", async () => {
    const { fields, text } = await answered("application/json", answers.timeout);
    expect(fields["Content-Type"]).toBe("application/json");
    expect(JSON.parse(text)).toEqual({
      error: { status: 504, reason: "upstream-timeout", message: answers.timeout.message, requestId: "id-1" },
    });
  });

  test("is a page for a browser, in which nothing is markup but its own", async () => {
    const { fields, text } = await answered(
      "text/html,application/xhtml+xml,*/*;q=0.8",
      { status: 404, reason: "no-route", message: "<script>" },
      "<b>'\"&",
    );
    expect(fields["Content-Type"]).toBe("text/html; charset=utf-8");
    expect(text).toContain("<h1>404 Not Found</h1><p>&#60;script&#62;</p>");
    expect(text).toContain("&#60;b&#62;&#39;&#34;&#38;");
  });

  test("carries Retry-After and further fields", async () => {
    const { fields } = await answered(undefined, { ...answers.unavailable, retryAfterSeconds: 5, fields: [["Allow", "GET"]] });
    expect(fields).toMatchObject({ "Retry-After": "5", Allow: "GET" });
  });

  test("every reason of the package is told apart from all others", () => {
    const reasons = Object.values(answers).map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    for (const reason of reasons) expect(reason).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });
});

test.each([
  ["", "text"],
  ["*/*", "text"],
  ["image/png", "text"],
  ["text/html", "html"],
  ["text/plain, text/html;q=0.9", "text"],
  ["text/html;q=0.4, application/json;q=0.5", "json"],
  ["application/json;q=0", "text"],
  ["*/*;q=1, application/json", "json"],
  ["*/*, text/html;q=0.9", "text"],
  ["APPLICATION/JSON ; Q=1", "json"],
  ["application/json;q=abc, text/html;q=0.1", "html"],
  ["text/html;charset=utf-8;q=0.2, */*;q=0.1", "html"],
])("Accept %j asks for %s", (accept, kind) => {
  expect(preferredKind(accept)).toBe(kind);
});
