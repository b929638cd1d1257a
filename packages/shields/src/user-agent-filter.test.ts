import { describe, expect, test } from "vitest";
import { userAgentFilter } from "./user-agent-filter.ts";

const samples = {
  chromium: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
  safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  llm: "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
  bot: "curl/8.14.1",
  unknown: "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
  none: "",
};

describe("userAgentFilter", () => {
  test.each([
    ["browser", ["chromium", "firefox", "safari"]],
    ["chromium", ["chromium"]],
    ["firefox", ["firefox"]],
    ["safari", ["safari"]],
    ["llm", ["llm"]],
    ["bot", ["bot"]],
    ["~.*", ["chromium", "firefox", "safari", "llm", "bot", "unknown", "none"]],
    ["~Trident", ["unknown"]],
    ["~^curl/[0-9]+", ["bot"]],
    ["~^$", ["none"]],
    ["~(?i)CLAUDEBOT", ["llm"]],
    ["~CLAUDEBOT", []],
    ["~Safari/537\\.36$", ["chromium"]],
  ])("%s lets through %j", (expression, expected) => {
    const passes = userAgentFilter(expression);
    expect(Object.entries(samples).flatMap(([name, userAgent]) => (passes(userAgent) ? [name] : []))).toEqual(expected);
  });

  test("finds the pattern of the reference wherever it stands", () => {
    const passes = userAgentFilter("~MyAgent.*");
    expect(passes("MyAgent/1.0")).toBe(true);
    expect(passes("Mozilla/5.0 (compatible; MyAgent/1.0)")).toBe(true);
    expect(passes("myagent/1.0")).toBe(false);
  });

  test.each(["", "Browser", "chrome", "browser ", "toString", "__proto__", "unknown"])("refuses the word %j", (expression) => {
    expect(() => userAgentFilter(expression)).toThrowError(expect.objectContaining({ code: "MS_AGENT_FILTER_INVALID", expression }));
  });

  test("refuses a pattern that is missing, broken or could not be matched in linear time, and keeps the cause", () => {
    expect(() => userAgentFilter("~")).toThrowError(expect.objectContaining({ code: "MS_AGENT_FILTER_INVALID" }));
    for (const expression of ["~(", "~(a)\\1", "~(?=bot)"])
      expect(() => userAgentFilter(expression)).toThrowError(
        expect.objectContaining({ code: "MS_AGENT_FILTER_INVALID", cause: expect.objectContaining({ code: "MS_PATTERN_INVALID" }) }),
      );
  });
});
