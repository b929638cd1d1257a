import { compose, type LogFields, type Logger, silentLogger } from "@mothership/kernel";
import { MemoryExchange, type MemoryRequest, readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import type { ShieldRule } from "./rule.ts";
import { type ShieldDeps, shield } from "./shield.ts";

async function ask(
  rules: readonly ShieldRule[],
  asked: MemoryRequest,
  deps: Partial<ShieldDeps> = {},
): Promise<MemoryExchange & { passed: boolean }> {
  const exchange = new MemoryExchange(asked);
  let passed = false;
  const handler = compose([shield(rules, { log: silentLogger, ...deps })], () => {
    passed = true;
  });
  await handler(exchange);
  return Object.assign(Object.create(exchange), { passed });
}

const curl: MemoryRequest = { fields: [["User-Agent", "curl/8.14.1"]] };

describe("shield", () => {
  test("is not there without rules", () => {
    const next = (): void => undefined;
    expect(shield([], { log: silentLogger })(next)).toBe(next);
  });

  test("passes on what no rule matches, and what a rule allows", async () => {
    expect(await ask([{ ua: "llm", action: "block" }], curl)).toMatchObject({ passed: true, answer: undefined });
    expect(await ask([{ ua: "bot", action: "allow" }, { action: "block" }], curl)).toMatchObject({ passed: true, answer: undefined });
  });

  test("answers a blocked request itself, and nothing behind it sees the request", async () => {
    const { passed, answer } = await ask([{ ua: "bot", action: "block", status: 429 }], curl);
    expect(passed).toBe(false);
    expect(answer?.head.status).toBe(429);
    expect(answer?.head.fields.get("cache-control")).toBe("no-store");
    expect((await readBody(answer!.body)).bytes.toString()).toBe("429: This request was refused.\n");
  });

  test("lets its user answer a blocked request", async () => {
    const refusals: unknown[] = [];
    const { passed } = await ask([{ action: "block" }], curl, { reply: (_, refusal) => refusals.push(refusal) });
    expect(refusals).toEqual([{ status: 403, reason: "shield", message: "This request was refused." }]);
    expect(passed).toBe(false);
  });

  test("redirects with the status of the rule, once", async () => {
    const rules: ShieldRule[] = [{ action: "redirect", location: "/slow-down", status: 307 }];
    const { answer, passed } = await ask(rules, { path: "/shop" });
    expect([answer?.head.status, answer?.head.fields.get("location"), passed]).toEqual([307, "/slow-down", false]);
    expect((await ask(rules, { path: "/slow-down" })).passed).toBe(true);
  });

  test("tags what goes on to the backend", async () => {
    const { passed, fields, incoming } = await ask([{ ua: "bot", action: "tag", header: "X-Shield", value: "bot" }], curl);
    expect(passed).toBe(true);
    expect(fields.all("x-shield")).toEqual(["bot"]);
    expect(incoming.fields.has("x-shield")).toBe(false);
  });

  test.each(["X-Shield", "x-shield", "X_Shield", "X.Shield"])("does not let a client tag its own request with %s", async (name) => {
    const forged: MemoryRequest = {
      fields: [
        [name, "friend"],
        ["User-Agent", "curl/8"],
        [name, "friend"],
      ],
    };
    const rules: ShieldRule[] = [{ path: "/only-here", action: "tag", header: "X-Shield", value: "friend" }];
    expect([...(await ask(rules, forged)).fields]).toEqual([["User-Agent", "curl/8"]]);
    const tagged = await ask(rules, { ...forged, path: "/only-here" });
    expect([...tagged.fields]).toEqual([
      ["User-Agent", "curl/8"],
      ["X-Shield", "friend"],
    ]);
  });

  test("leaves the fields of clients alone where no rule tags", async () => {
    const { fields } = await ask([{ action: "log" }], { fields: [["X-Shield", "mine"]] });
    expect(fields.get("x-shield")).toBe("mine");
  });

  test("logs what a rule is told to log, with a bounded part of what the client sent, and passes it on", async () => {
    const lines: [string, LogFields | undefined][] = [];
    const log: Logger = { ...silentLogger, info: (message, fields) => lines.push([message, fields]) };
    const { passed } = await ask([{ name: "watch", action: "log" }], { fields: [["User-Agent", "x".repeat(5000)]] }, { log });
    expect(passed).toBe(true);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject(["a shield rule matched", { rule: "watch", requestId: "id-1", client: "198.51.100.9" }]);
    expect(String(lines[0]?.[1]?.["userAgent"])).toHaveLength(256);
  });

  test("reports each match once, by rule, whatever its action", async () => {
    const counts = new Map<string, number>();
    const deps: Partial<ShieldDeps> = { onMatch: ({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1) };
    const rules: ShieldRule[] = [
      { name: "a", path: "/a", action: "allow" },
      { name: "b", path: "/b", action: "block" },
      { name: "r", path: "/r", action: "redirect", location: "/" },
      { name: "t", path: "/t", action: "tag", header: "X-T", value: "1" },
      { name: "l", path: "/l", action: "log" },
    ];
    for (const path of ["/a", "/b", "/b", "/r", "/t", "/l", "/none"]) await ask(rules, { path }, deps);
    expect(Object.fromEntries(counts)).toEqual({ a: 1, b: 2, r: 1, t: 1, l: 1 });
  });

  test("refuses rules when it is made", () => {
    expect(() => shield([{ ua: "nobody", action: "block" }], { log: silentLogger })).toThrowError(
      expect.objectContaining({ code: "MS_SHIELD_RULE_INVALID", index: 0, key: "ua" }),
    );
  });
});
