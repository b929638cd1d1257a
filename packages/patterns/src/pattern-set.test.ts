import { describe, expect, test } from "vitest";
import { checkPattern, compilePattern, PatternSet } from "./pattern-set.ts";

const constructs: [pattern: string, matching: string[], other: string[]][] = [
  ["", [""], ["a"]],
  ["/api", ["/api"], ["/ap", "/api/", "/API"]],
  [".", ["a", "\r", "\u2028", "é", "😀", "\ud83d"], ["", "\n", "ab", "a😀"]],
  ["(?s).", ["a", "\n"], ["", "ab"]],
  ["(?s:.).", ["\na"], ["\n\n"]],
  ["/.*", ["/", "/a/b"], ["", "a", "/a\nb"]],
  ["a*", ["", "a", "aaa"], ["b", "ab"]],
  ["a+", ["a", "aaa"], ["", "b"]],
  ["a?", ["", "a"], ["aa"]],
  ["a{2}", ["aa"], ["", "a", "aaa"]],
  ["a{2,}", ["aa", "aaaaa"], ["", "a"]],
  ["a{0,}", ["", "a", "aa"], ["b"]],
  ["a{1,3}", ["a", "aa", "aaa"], ["", "aaaa"]],
  ["a{0}b", ["b"], ["ab"]],
  ["a{0,2}?b+?c*?d??", ["b", "aabbccd"], ["aaab"]],
  ["(?:ab){2}", ["abab"], ["ab", "ababab"]],
  ["a|bc|", ["a", "bc", ""], ["abc", "b"]],
  ["(a|b)(c|d)", ["ac", "bd"], ["ab"]],
  ["(?<year>\\d{4})-(?P<month>\\d\\d)", ["2026-11"], ["2026-1"]],
  ["()", [""], ["a"]],
  ["(?:)*a", ["a"], [""]],
  ["^a$", ["a"], ["a\n"]],
  ["(?:^a|b)*", ["", "abb"], ["aa", "ba"]],
  ["a^b|a$c", [], ["ab", "ac"]],
  ["\\Aa\\z", ["a"], ["a\n"]],
  ["(?m)a$\n^b", ["a\nb"], ["ab", "a\rb"]],
  ["(?m:^)a(?m:$)\n", ["a\n"], []],
  ["(?m)\\Aa\n\\Ab", [], ["a\nb"]],
  ["a\\b.*", ["a", "a-", "a b"], ["ab", "a1", "a_"]],
  ["a\\B.*", ["ab", "a1"], ["a", "a-"]],
  ["\\b", [], ["", "a"]],
  ["\\B", [""], ["a"]],
  ["é\\b.*", ["éa"], ["é", "é-"]],
  ["\\bfoo\\b", ["foo"], [" foo"]],
  ["\\d\\D", ["1a", "0-"], ["11", "aa", "\u0661a"]],
  ["\\w\\W", ["a-", "_é", "9 "], ["aa", "éa"]],
  ["\\s\\S", [" a", "\ta", "\va", "\fa", "\ra", "\na"], ["a ", "\u00a0a"]],
  ["\\t\\n\\r\\f\\v\\a", ["\t\n\r\f\v\x07"], ["tnrfva"]],
  ["\\x41\\x{42}\\u0043\\u{44}\\x{1F600}", ["ABCD😀"], ["ABCD"]],
  ["\\/\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\^\\$\\\\\\-\\_\\~\\&\\#\\ ", ["/.*+?()[]{}|^$\\-_~&# "], []],
  ["a]}", ["a]}"], []],
  ["[abc]", ["a", "b", "c"], ["", "d", "ab"]],
  ["[a-cx-z]", ["a", "b", "c", "x", "y", "z"], ["d", "w"]],
  ["[^a-c]", ["d", "\n", "😀", "\udc00"], ["a", "b", "c", ""]],
  ["[-a]", ["-", "a"], ["b"]],
  ["[a-]", ["-", "a"], ["b"]],
  ["[^-a]", ["b"], ["-", "a"]],
  ["[+--]", ["+", ",", "-"], ["."]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[^]a]", ["b"], ["]", "a"]],
  ["[a^]", ["a", "^"], ["b"]],
  ["[\\]\\-\\\\]", ["]", "-", "\\"], ["a"]],
  ["[.*+?(){}|$]", [".", "*", "{", "|", "$"], ["a"]],
  ["[\\x41-\\x{43}\\n\\t]", ["A", "B", "C", "\n", "\t"], ["D", "x"]],
  ["[\\d_]", ["5", "_"], ["a"]],
  ["[^\\d\\s]", ["a", "-"], ["5", " "]],
  ["[\\D]", ["a"], ["5"]],
  ["[^\\s\\S]", [], ["", "a", " "]],
  ["[é-ü😀]", ["é", "ö", "😀"], ["a", "\ud83d"]],
  ["[[:alpha:]]", ["a", "Z"], ["1", "é"]],
  ["[[:^alpha:]]", ["1", "é"], ["a"]],
  ["[^[:alpha:][:digit:]]", ["-"], ["a", "1"]],
  ["[[:alnum:]][[:blank:]][[:cntrl:]][[:digit:]]", ["a \x7f0", "9\t\x000"], ["-  0"]],
  ["[[:graph:]][[:lower:]][[:print:]][[:punct:]]", ["!a ~", "~z~/"], [" a !", "!A !"]],
  ["[[:space:]][[:upper:]][[:word:]][[:xdigit:]]", [" A_f", "\vZ9F"], [" a_f", " A_g"]],
  ["[[:ascii:]]", ["\0", "\x7f"], ["\x80"]],
  ["(?i)Straße", ["straße", "STRAßE", "STRAẞE", "ſtraße"], ["STRASSE"]],
  ["(?i)k", ["k", "K", "\u212a"], []],
  ["(?i)[a-c]É", ["Aé", "cÉ"], ["Dé"]],
  ["(?i)[^a]", ["b", "B"], ["a", "A"]],
  ["(?i)[[:upper:]]", ["a", "A"], ["1"]],
  ["(?i)[\\W]", ["-", "é"], ["s", "S", "ſ"]],
  ["(?i)\\w", ["s", "ſ"], ["-"]],
  ["(?i:a)b", ["ab", "Ab"], ["aB"]],
  ["a(?i)b|c", ["ab", "aB", "C"], ["AB"]],
  ["(a(?i)b)c", ["aBc"], ["aBC", "ABc"]],
  ["(?i)a(?-i)b", ["Ab"], ["AB"]],
  ["(?is-m:a.)", ["A\n"], []],
  ["(?i)a(?s-i:b.)c", ["Ab\nC"], ["AB\nC"]],
  ["(?U)a*", ["aa"], []],
  ["\ud83d", ["\ud83d"], ["😀", "\ude00"]],
];

describe("a pattern of each construct matches what it should and nothing else", () => {
  test.each(constructs)("%j", (pattern, matching, other) => {
    const matches = compilePattern(pattern);
    expect(() => checkPattern(pattern)).not.toThrow();
    expect(matching.filter((text) => !matches(text))).toEqual([]);
    expect(other.filter((text) => matches(text))).toEqual([]);
  });
});

describe("PatternSet", () => {
  test("answers with every pattern that matches the whole text, in ascending order", () => {
    const set = new PatternSet(["/api/.*", "/api", "/.*", "/(?i)API/x"]);
    expect(set.size).toBe(4);
    expect(set.match("/api/x")).toEqual([0, 2, 3]);
    expect(set.match("/api")).toEqual([1, 2]);
    expect(set.match("api")).toEqual([]);
  });

  test("finds patterns anywhere when it searches", () => {
    const set = new PatternSet(["Bot", "^Moz", "x$", "\\bfox\\b", ""], { anchored: "search" });
    expect(set.match("Mozilla fox Bot x")).toEqual([0, 1, 2, 3, 4]);
    expect(set.match("foxBot xx")).toEqual([0, 2, 4]);
    expect(set.match("a fox\n")).toEqual([3, 4]);
    expect(set.match("")).toEqual([4]);
  });

  test("searches across line ends", () => {
    expect(compilePattern("b", { anchored: "search" })("a\nb\nc")).toBe(true);
  });

  test("gives the same frozen array for the same answer, so that a match allocates nothing", () => {
    const set = new PatternSet(["/a/.*", "/.*"]);
    const first = set.match("/a/one");
    expect(set.match("/a/two")).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  test("matches nothing when it has no patterns", () => {
    expect(new PatternSet([]).match("/")).toEqual([]);
    expect(new PatternSet([]).match("")).toEqual([]);
  });

  test("keeps the same pattern twice apart", () => {
    expect(new PatternSet(["a", "a"], { anchored: "search" }).match("xa")).toEqual([0, 1]);
  });

  test("does not let the assertions of one pattern change another", () => {
    const set = new PatternSet(["a.b", "a\\b.b", "(?m)a$.?", "^.*$"]);
    expect(set.match("a-b")).toEqual([0, 1, 3]);
    expect(set.match("acb")).toEqual([0, 3]);
    expect(set.match("a")).toEqual([2, 3]);
  });
});
