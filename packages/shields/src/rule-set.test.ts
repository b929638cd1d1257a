import { describe, expect, test } from "vitest";
import { ruleLimits, type ShieldRule } from "./rule.ts";
import { compileRules } from "./rule-set.ts";

const ok: ShieldRule = { action: "allow" };

function refusalOf(rules: readonly ShieldRule[]): { index: number; key: string; message: string; cause?: unknown } {
  try {
    compileRules(rules);
  } catch (error) {
    expect(error).toMatchObject({ code: "MS_SHIELD_RULE_INVALID" });
    return error as { index: number; key: string; message: string };
  }
  throw new Error("the rules were taken");
}

describe("compileRules", () => {
  test.each<[string, ShieldRule]>([
    ["name", { name: "", action: "allow" }],
    ["name", { name: "two words", action: "allow" }],
    ["name", { name: "x".repeat(ruleLimits.nameLength + 1), action: "allow" }],
    ["ja4h", { ja4h: "_xyz", action: "allow" }],
    ["ua", { ua: "robots", action: "allow" }],
    ["ua", { ua: "~(", action: "allow" }],
    ["ua", { ua: "~", action: "allow" }],
    ["cidr", { cidr: "10.0.0.0/33", action: "allow" }],
    ["cidr", { cidr: "10.0.0.0/8/8", action: "allow" }],
    ["cidr", { cidr: "10.0.0.0/", action: "allow" }],
    ["cidr", { cidr: "10.0.0", action: "allow" }],
    ["cidr", { cidr: "fe80::1%eth0", action: "allow" }],
    ["cidr", { cidr: ["10.0.0.0/8", "example.test"], action: "allow" }],
    ["cidr", { cidr: [], action: "allow" }],
    ["path", { path: "(?=x)", action: "allow" }],
    ["path", { path: "", action: "allow" }],
    ["status", { action: "block", status: 200 }],
    ["status", { action: "block", status: 600 }],
    ["status", { action: "block", status: 403.5 }],
    ["status", { action: "redirect", location: "/", status: 300 }],
    ["location", { action: "redirect", location: "" }],
    ["location", { action: "redirect", location: "elsewhere" }],
    ["location", { action: "redirect", location: "//evil.test/" }],
    ["location", { action: "redirect", location: "/\\evil.test" }],
    ["location", { action: "redirect", location: "javascript:alert(1)" }],
    ["location", { action: "redirect", location: "https://user:secret@example.test/" }],
    ["location", { action: "redirect", location: "/a\r\nSet-Cookie: a=b" }],
    ["location", { action: "redirect", location: `/${"x".repeat(ruleLimits.locationLength)}` }],
    ["header", { action: "tag", header: "X Tag", value: "" }],
    ["header", { action: "tag", header: "X-Tag", value: "a\r\nb" }],
    ["header", { action: "tag", header: "X-Tag", value: "\u0141" }],
    ["header", { action: "tag", header: "X_Tag", value: "" }],
    ["header", { action: "tag", header: "Content-Length", value: "0" }],
    ["header", { action: "tag", header: "host", value: "a" }],
    ["header", { action: "tag", header: "X-Forwarded-For", value: "127.0.0.1" }],
    ["header", { action: "tag", header: "Cookie", value: "a=b" }],
    ["value", { action: "tag", header: "X-Tag", value: "x".repeat(ruleLimits.valueLength + 1) }],
  ])("refuses a wrong %s: %j", (key, rule) => {
    const refusal = refusalOf([ok, rule, ok]);
    expect(refusal).toMatchObject({ index: 1, key });
    expect(refusal.message).toContain("rule 2");
  });

  test("refuses an action that is none, for rules come out of files", () => {
    expect(refusalOf([JSON.parse('{"action":"destroy"}')])).toMatchObject({ index: 0, key: "action" });
  });

  test("refuses a second rule of one name, also of a name that another got by its place", () => {
    expect(
      refusalOf([
        { name: "a", action: "allow" },
        { name: "a", action: "log" },
      ]),
    ).toMatchObject({ index: 1, key: "name" });
    expect(refusalOf([{ name: "rule-2", action: "allow" }, { action: "log" }])).toMatchObject({ index: 1, key: "name" });
  });

  test("keeps the error of a pattern as the cause", () => {
    expect(refusalOf([{ path: "(", action: "allow" }]).cause).toMatchObject({ code: "MS_PATTERN_INVALID" });
  });

  test("refuses patterns that are too large together", () => {
    const rules = Array.from({ length: 60 }, (_, i): ShieldRule => ({ path: `/${i}[a-z]{${900}}.{900}`, action: "allow" }));
    const many = Array.from({ length: 100 }, (_, i) => rules.map((rule) => ({ ...rule, path: `/${i}${rule.path ?? ""}` }))).flat();
    expect(refusalOf(many.slice(0, 500)).message).toContain("with the patterns of the rules before it");
  });

  test("has a limit for rules and for networks", () => {
    expect(refusalOf(Array.from({ length: ruleLimits.rules + 1 }, () => ok))).toMatchObject({ key: "rules" });
    const half = Array.from({ length: ruleLimits.networks / 2 + 1 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(
      refusalOf([
        { cidr: half, action: "allow" },
        { cidr: half, action: "allow" },
      ]),
    ).toMatchObject({ index: 1, key: "cidr" });
  });

  test("fills in what a rule leaves out", () => {
    const { rules } = compileRules([{ action: "block" }, { action: "redirect", location: "/x" }]);
    expect(rules.map(({ match }) => match)).toEqual([
      { index: 0, name: "rule-1", action: { action: "block", status: 403 } },
      { index: 1, name: "rule-2", action: { action: "redirect", location: "/x", status: 302 } },
    ]);
  });
});
