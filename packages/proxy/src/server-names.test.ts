import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alternativeNames, normalName, ServerNames } from "./server-names.ts";

describe("the certificate for a name", () => {
  const names = new ServerNames([["first.example"], ["*.example", "a.b.example"], ["x.example", "*.b.example"], ["x.example"]]);

  test.each([
    ["first.example", 0],
    ["FIRST.example", 0],
    ["first.example.", 0],
    ["x.example", 2],
    ["y.example", 1],
    ["a.b.example", 1],
    ["c.b.example", 2],
    ["c.a.b.example", undefined],
    ["example", undefined],
    [".example", undefined],
    ["", undefined],
    ["other.test", undefined],
  ])("%j is number %s", (host, index) => {
    expect(names.find(host)).toBe(index);
  });

  test("an exact name always wins over a wildcard", () => {
    const label = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 2, maxLength: 4 }), fc.boolean(), (labels, wildcardFirst) => {
        const host = labels.join(".");
        const lists = [[`*.${labels.slice(1).join(".")}`], [host]];
        if (!wildcardFirst) lists.reverse();
        expect(new ServerNames(lists).find(host)).toBe(wildcardFirst ? 1 : 0);
      }),
    );
  });
});

describe("names", () => {
  test.each([
    ["A.Example.", "a.example"],
    ["*.example", "*.example"],
    ["_dmarc.example", "_dmarc.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["a.*.example", undefined],
    ["*", undefined],
    ["*.", undefined],
    ["a b", undefined],
    ["a..b", undefined],
    ["", undefined],
    [`${"a".repeat(250)}.com`, undefined],
  ])("%j becomes %j", (text, name) => {
    expect(normalName(text)).toBe(name);
  });

  test.each([
    ["DNS:a.example, DNS:*.B.example, IP Address:10.0.0.1", ["a.example", "*.b.example"]],
    ['DNS:a.example, DNS:"evil, DNS:b.example", URI:http://c', ["a.example"]],
    ['othername:"x\\", DNS:no.example", DNS:yes.example', ["yes.example"]],
    ["", []],
  ])("the alternative names %j are %j", (text, expected) => {
    expect(alternativeNames(text)).toEqual(expected);
  });
});
