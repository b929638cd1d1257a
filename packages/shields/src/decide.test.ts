import { Fields } from "@mothership/kernel";
import { compilePattern } from "@mothership/patterns";
import { MemoryExchange } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, explain, factsOf, type RequestFacts } from "./decide.ts";
import { fingerprint } from "./fingerprint.ts";
import { fingerprintFilter } from "./fingerprint-filter.ts";
import type { ShieldRule } from "./rule.ts";
import { compileRules } from "./rule-set.ts";
import { userAgentFilter } from "./user-agent-filter.ts";

function facts(given: Partial<RequestFacts> = {}): RequestFacts {
  return {
    method: "GET",
    version: "1.1",
    fields: Fields.from([["Host", "example.test"]]),
    userAgent: "curl/8.14.1",
    address: "198.51.100.9",
    host: "example.test",
    path: "/",
    ...given,
  };
}

const nameOf = (rules: readonly ShieldRule[], given: Partial<RequestFacts>): string | undefined =>
  decide(compileRules(rules), facts(given))?.name;

describe("decide", () => {
  test("takes the first rule that matches, in the order of the list", () => {
    const rules: ShieldRule[] = [
      { name: "office", cidr: "192.0.2.0/24", action: "allow" },
      { name: "bots", ua: "bot", action: "block" },
      { name: "rest", action: "log" },
    ];
    expect(nameOf(rules, { address: "192.0.2.7" })).toBe("office");
    expect(nameOf(rules, {})).toBe("bots");
    expect(nameOf(rules, { userAgent: "" })).toBe("rest");
    expect(nameOf(rules.slice(0, 2), { userAgent: "" })).toBeUndefined();
  });

  test("asks that all conditions of a rule are met", () => {
    const rule: ShieldRule = { name: "all", cidr: "198.51.100.0/24", path: "/admin/.*", ua: "bot", ja4h: "ge11nn01", action: "block" };
    const request = { path: "/admin/x" };
    expect(nameOf([rule], request)).toBe("all");
    expect(nameOf([rule], { ...request, address: "203.0.113.1" })).toBeUndefined();
    expect(nameOf([rule], { path: "/x" })).toBeUndefined();
    expect(nameOf([rule], { ...request, userAgent: "" })).toBeUndefined();
    expect(nameOf([rule], { ...request, method: "POST" })).toBeUndefined();
  });

  test.each([
    ["192.0.2.7", "192.0.2.7", true],
    ["192.0.2.7", "192.0.2.8", false],
    ["2001:db8::/32", "2001:db8:1::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["0.0.0.0/0", "203.0.113.1", true],
    ["0.0.0.0/0", "", false],
    ["::/0", "fe80::1%eth0", true],
    ["0.0.0.0/0", "not an address", false],
  ])("a network of %s and a client at %j: %s", (cidr, address, expected) => {
    expect(nameOf([{ name: "net", cidr, action: "block" }], { address }) !== undefined).toBe(expected);
  });

  test("matches a path as a whole and an agent pattern anywhere", () => {
    expect(nameOf([{ path: "/admin", action: "block" }], { path: "/admin/x" })).toBeUndefined();
    expect(nameOf([{ ua: "~8\\.14", action: "block" }], {})).toBe("rule-1");
  });

  test("does not send a request to where it is", () => {
    const here: ShieldRule = { action: "redirect", location: "/wait?from=shield" };
    expect(nameOf([here], { path: "/" })).toBe("rule-1");
    expect(nameOf([here], { path: "/wait" })).toBeUndefined();
    const other: ShieldRule = { action: "redirect", location: "https://Other.test/wait" };
    expect(nameOf([other], { path: "/wait" })).toBe("rule-1");
    expect(nameOf([other], { path: "/wait", host: "other.test" })).toBeUndefined();
  });

  test("does not look at what no rule asks about", () => {
    const silent = Object.defineProperty(facts(), "userAgent", {
      get: () => {
        throw new Error("nobody asked");
      },
    });
    expect(
      decide(
        compileRules([
          { cidr: "192.0.2.0/24", ua: "bot", action: "block" },
          { path: "/", action: "log" },
        ]),
        silent,
      )?.index,
    ).toBe(1);
  });

  test("decides as asking each rule alone would", () => {
    const rule = fc.record(
      {
        ja4h: fc.constantFrom("ge", "po", "ge11nn01", "ge11nn02", "_0"),
        ua: fc.constantFrom("bot", "browser", "llm", "~curl", "~Mozilla", "~^$"),
        cidr: fc.constantFrom("192.0.2.0/25", "192.0.2.128/25"),
        path: fc.constantFrom("/a", "/b", "/.*", "/a/.*"),
      },
      { requiredKeys: [] },
    );
    const request = fc.record({
      method: fc.constantFrom("GET", "POST"),
      fields: fc.constantFrom(["A"], ["A", "B"], []).map((names) => Fields.from(names.map((name) => [name, ""] as const))),
      userAgent: fc.constantFrom("", "curl/8.1", "Mozilla/5.0 (X11; rv:1) Gecko/20100101 Firefox/143.0", "GPTBot/1.0"),
      address: fc.constantFrom("192.0.2.1", "192.0.2.129", ""),
      path: fc.constantFrom("/a", "/b", "/c", "/a/b"),
    });
    const halves = { "192.0.2.0/25": "192.0.2.1", "192.0.2.128/25": "192.0.2.129" } as Readonly<Record<string, string>>;
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), request, (conditions, given) => {
        const asked = facts(given);
        const naive = conditions.findIndex(
          ({ ja4h, ua, cidr, path }) =>
            (ja4h === undefined || fingerprintFilter(ja4h)(asked)) &&
            (ua === undefined || userAgentFilter(ua)(asked.userAgent)) &&
            (cidr === undefined || halves[cidr] === asked.address) &&
            (path === undefined || compilePattern(path)(asked.path)),
        );
        const rules = conditions.map((one): ShieldRule => ({ ...one, action: "log" }));
        expect(decide(compileRules(rules), asked)?.index ?? -1).toBe(naive);
        expect(explain(compileRules(rules), asked).match?.index ?? -1).toBe(naive);
      }),
    );
  });
});

describe("explain", () => {
  test("says for each rule up to the deciding one what kept it from matching, in JSON", () => {
    const set = compileRules([
      { name: "office", cidr: "192.0.2.0/24", action: "allow" },
      { name: "wait", action: "redirect", location: "/" },
      { name: "tools", ua: "bot", action: "block" },
      { name: "rest", action: "log" },
    ]);
    const explanation = explain(set, facts());
    expect(JSON.parse(JSON.stringify(explanation))).toEqual({
      ja4h: fingerprint(facts()),
      agent: "bot",
      match: { index: 2, name: "tools", action: { action: "block", status: 403 } },
      rules: [
        { name: "office", unmet: "cidr" },
        { name: "wait", unmet: "location" },
        { name: "tools", unmet: null },
      ],
    });
  });

  test("says that no rule matched", () => {
    expect(explain(compileRules([]), facts({ userAgent: "" }))).toMatchObject({ agent: "unknown", match: null, rules: [] });
  });
});

test("the facts of an exchange are its fields as received and the agent that is forwarded", () => {
  const exchange = new MemoryExchange({
    path: "/x",
    fields: [
      ["User-Agent", "curl/8"],
      ["X-A", "1"],
    ],
  });
  exchange.fields.set("User-Agent", "changed");
  expect(factsOf(exchange)).toMatchObject({
    userAgent: "changed",
    path: "/x",
    address: "198.51.100.9",
    host: "example.test",
    method: "GET",
  });
  expect(factsOf(exchange).fields.get("user-agent")).toBe("curl/8");
});
