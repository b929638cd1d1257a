import { describe, expect, test } from "vitest";
import { parseManifest } from "../src/parse.ts";
import type { Route, ShieldRule } from "../src/types.ts";
import { http, issuesOf, placesOf, ship } from "./issues.ts";

const rule = (...lines: readonly string[]): string => `[[shields.rules]]\n${lines.join("\n")}\n`;
const rulesOf = (...rules: readonly string[]): readonly ShieldRule[] => parseManifest(rules.join("") + ship("a")).shields.rules;
const routeText = (keys: string): string => `${http}${ship("a", 'bind = "9"', `routes = [{ bind = "http", pattern = "/.*", ${keys} }]`)}`;
const routeOf = (keys: string): Route => parseManifest(routeText(keys)).ships[0]!.routes[0]!;
const messagesOf = (text: string): readonly string[] => issuesOf(text).map(({ path, message }) => `${path}: ${message}`);

describe("rules of shields", () => {
  test("are read in their order, with all that they may say", () => {
    expect(
      rulesOf(
        rule('name = "office"', 'cidr = ["192.0.2.0/24", "192.0.2.0/24", "::1"]', 'action = "allow"'),
        rule('path = "/admin(/.*)?"', 'cidr = "10.0.0.1"', 'action = "block"'),
        rule('ua = "~Scanner"', 'action = "block"', "status = 404"),
        rule('ja4h = "ge11_8ddaef5d77af"', 'action = "tag"', 'header = "X-Shield"', 'value = ""'),
        rule('ua = "llm"', 'action = "redirect"', 'redirect_to = "https://example.com/llms.txt"', "status = 307"),
        rule('action = "log"'),
      ),
    ).toEqual([
      { name: "office", cidr: ["192.0.2.0/24", "::1"], action: "allow" },
      { name: "rule-2", path: "/admin(/.*)?", cidr: ["10.0.0.1"], action: "block", status: 403 },
      { name: "rule-3", ua: "~Scanner", action: "block", status: 404 },
      { name: "rule-4", ja4h: "ge11_8ddaef5d77af", action: "tag", header: "X-Shield", value: "" },
      { name: "rule-5", ua: "llm", action: "redirect", location: "https://example.com/llms.txt", status: 307 },
      { name: "rule-6", action: "log" },
    ]);
  });

  test.each<readonly [readonly string[], string]>([
    [['action = "deny"'], 'action: "action" must be "allow", "block", "redirect", "tag" or "log", not "deny"'],
    [['path = "/("', 'action = "log"'], "path: "],
    [['ua = "robot"', 'action = "log"'], 'ua: "robot" is not a user agent filter'],
    [['cidr = "10.0.0.0/33"', 'action = "log"'], 'cidr: "10.0.0.0/33" is not a network'],
    [["cidr = []", 'action = "log"'], 'cidr: "cidr" is an empty list'],
    [['ja4h = "ge11_xyz"', 'action = "log"'], 'ja4h: "ge11_xyz" is the beginning of no JA4H fingerprint'],
    [['ja4h = "___"', 'action = "log"'], 'ja4h: "___" is the beginning of no JA4H fingerprint'],
    [['action = "block"', "status = 302"], "status: a request is blocked with a status from 400 to 599, not 302"],
    [['action = "block"', "status = 200"], "status: a request is blocked with a status from 400 to 599, not 200"],
    [['action = "block"', "status = 600"], "status: a request is blocked with a status from 400 to 599, not 600"],
    [['action = "redirect"'], 'action: the action "redirect" needs "redirect_to"'],
    [['action = "redirect"', 'redirect_to = "//evil"'], 'redirect_to: "//evil" is neither a path nor an http or https URL'],
    [['action = "redirect"', 'redirect_to = "javascript:1"'], "redirect_to: "],
    [
      ['action = "redirect"', 'redirect_to = "/x"', "status = 404"],
      "status: a request is redirected with 301, 302, 303, 307 or 308, not 404",
    ],
    [['action = "allow"', "status = 403"], 'status: "status" is for the action "block" or "redirect" only'],
    [['action = "block"', 'redirect_to = "/x"'], 'redirect_to: "redirect_to" is for the action "redirect" only'],
    [['action = "log"', 'header = "X-A"'], 'header: "header" is for the action "tag" only'],
    [['action = "tag"', 'header = "X-A"'], 'action: the action "tag" needs "value"'],
    [['action = "tag"', 'header = "X_A"', 'value = "1"'], 'header: "X_A" is to be written with "-" alone'],
    [['action = "tag"', 'header = "X-Forwarded-For"', 'value = "1"'], 'header: "X-Forwarded-For" is written by the proxy alone'],
    [['action = "tag"', 'header = "X A"', 'value = "1"'], 'header: "X A" cannot be the name of a header'],
  ])("refuse %j", (lines, expected) => {
    expect(messagesOf(rule(...lines) + ship("a"))).toEqual([expect.stringContaining(`shields.rules[0].${expected}`)]);
  });

  test("have names of their own", () => {
    expect(placesOf(rule('name = "a"', 'action = "log"') + rule('name = "a"', 'action = "log"') + ship("a"))).toEqual([
      expect.stringContaining('the name "a" is taken by another rule'),
    ]);
  });
});

describe("a route", () => {
  test("may ask for a fingerprint, refuse and redirect", () => {
    expect(routeOf('ja4h = "ge11"')).toEqual({ bind: "http", pattern: "/.*", ja4h: "ge11" });
    expect(routeOf('action = "forward"').answer).toBeUndefined();
    expect(routeOf('action = "block"').answer).toEqual({ action: "block", status: 403 });
    expect(routeOf('action = "redirect", redirect_to = "/b", status = 308').answer).toEqual({
      action: "redirect",
      location: "/b",
      status: 308,
    });
  });

  test.each([
    ['ja4h = "ge11_q"', 'ja4h: "ge11_q" is the beginning of no JA4H fingerprint'],
    ["status = 403", 'status: "status" is for the action "block" or "redirect" only'],
    ['redirect_to = "/b"', 'redirect_to: "redirect_to" is for the action "redirect" only'],
    ['action = "redirect"', 'action: the action "redirect" needs "redirect_to"'],
  ])("cannot say %s", (keys, expected) => {
    expect(messagesOf(routeText(keys))).toEqual([expect.stringContaining(`fleet.web[0].routes[0].${expected}`)]);
  });
});
