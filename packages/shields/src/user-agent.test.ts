import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelAgents } from "./agent-table.ts";
import { type AgentClass, classifyUserAgent, maxAgentLength } from "./user-agent.ts";

const engine = "AppleWebKit/537.36 (KHTML, like Gecko)";
const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";

const agents: readonly (readonly [AgentClass, string, string])[] = [
  ["chromium", "Chrome", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${engine} Chrome/140.0.0.0 Safari/537.36`],
  ["chromium", "Edge", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${engine} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`],
  ["chromium", "Opera", `Mozilla/5.0 (X11; Linux x86_64) ${engine} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0`],
  ["chromium", "Samsung", `Mozilla/5.0 (Linux; Android 15; SM-S921B) ${engine} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`],
  ["chromium", "Chrome on Android", `Mozilla/5.0 (Linux; Android 10; K) ${engine} Chrome/140.0.0.0 Mobile Safari/537.36`],
  ["chromium", "Chrome on iOS", `${iphone} CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1`],
  ["chromium", "Edge on iOS", `${iphone} Version/18.0 EdgiOS/140.0.3485.54 Mobile/15E148 Safari/604.1`],
  ["firefox", "Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"],
  ["firefox", "Firefox on Android", "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0"],
  ["firefox", "Firefox on iOS", `${iphone} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`],
  [
    "safari",
    "Safari",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  ],
  ["safari", "Safari on iOS", `${iphone} Version/18.5 Mobile/15E148 Safari/604.1`],
  ["safari", "an app on iOS that shows a page", `${iphone} Mobile/22B83 Instagram 350.0.0.20.98 (iPhone15,2; iOS 18_1; en_US)`],
  ["llm", "GPTBot", `Mozilla/5.0 ${engine}; compatible; GPTBot/1.2; +https://openai.com/gptbot)`],
  ["llm", "Claude-User", `Mozilla/5.0 ${engine}; compatible; Claude-User/1.0; +Claude-User@anthropic.com)`],
  ["llm", "Perplexity-User", `Mozilla/5.0 ${engine}; compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)`],
  [
    "llm",
    "Google-Agent, which also says Chrome",
    `Mozilla/5.0 (Linux; Android 6.0.1) ${engine} Chrome/140 Mobile Safari/537.36 (compatible; Google-Agent)`,
  ],
  ["llm", "a mark in other letters", "gptBOT"],
  ["bot", "curl", "curl/8.14.1"],
  ["bot", "wget", "Wget/1.25.0"],
  ["bot", "python-requests", "python-requests/2.32.3"],
  ["bot", "Node", "node"],
  ["bot", "Go", "Go-http-client/2.0"],
  ["bot", "Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"],
  [
    "bot",
    "Googlebot, which also says Chrome",
    `Mozilla/5.0 ${engine}; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0 Safari/537.36`,
  ],
  ["bot", "a headless browser", `Mozilla/5.0 (X11; Linux x86_64) ${engine} HeadlessChrome/140.0.0.0 Safari/537.36`],
  ["bot", "an archive that models are trained on", "CCBot/2.0 (https://commoncrawl.org/faq/)"],
  ["unknown", "nothing", ""],
  ["unknown", "an old browser of its own engine", "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"],
  [
    "unknown",
    "the browser of Android before Chrome",
    "Mozilla/5.0 (Linux; U; Android 4.0.3; de-de) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
  ],
];

describe("classifyUserAgent", () => {
  test.each(agents)("takes for %s: %s", (expected, _, userAgent) => {
    expect(classifyUserAgent(userAgent)).toBe(expected);
    // The second answer comes out of memory.
    expect(classifyUserAgent(userAgent)).toBe(expected);
  });

  test.each(modelAgents)("takes $mark for a language model, alone and behind the words of a browser", ({ mark }) => {
    expect(classifyUserAgent(mark)).toBe("llm");
    expect(classifyUserAgent(`Mozilla/5.0 ${engine} Chrome/140.0.0.0 Safari/537.36 (compatible; ${mark.toUpperCase()} 1.0)`)).toBe("llm");
  });

  test("does not find a mark inside of another word", () => {
    expect(classifyUserAgent("Mozilla/5.0 (X11; Linux x86_64; xclaude-user) Gecko/20100101 Firefox/143.0")).toBe("firefox");
  });

  test("does not take a brand inside of another word for a browser", () => {
    expect(classifyUserAgent("Mozilla/5.0 (Windows NT 6.1; NotChrome/44.2 NotFirefox/9.3) like Gecko")).toBe("unknown");
  });

  test("looks at a bounded part of a long agent", () => {
    const padding = `Mozilla/5.0 (X11; ${"x".repeat(maxAgentLength)}) `;
    expect(classifyUserAgent(`${padding}GPTBot/1.0`)).not.toBe("llm");
    expect(classifyUserAgent(`GPTBot/1.0 ${padding}`)).toBe("llm");
  });

  test("gives some class for any text, and the same one again", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000, unit: "binary" }), (userAgent) => {
        const found = classifyUserAgent(userAgent);
        expect(["chromium", "firefox", "safari", "llm", "bot", "unknown"]).toContain(found);
        expect(classifyUserAgent(userAgent)).toBe(found);
      }),
    );
  });
});

test("every mark of a language model names a source and when it was confirmed", () => {
  for (const { mark, source, seen } of modelAgents) {
    expect(URL.parse(source)?.protocol, mark).toBe("https:");
    expect(seen, mark).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/);
  }
  expect(new Set(modelAgents.map(({ mark }) => mark.toLowerCase())).size).toBe(modelAgents.length);
});
