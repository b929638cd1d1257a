/** A text that marks an agent, wherever it stands in a User-Agent and in whatever case, and who says so. */
export interface AgentMark {
  readonly mark: string;
  readonly source: string;
  /** When the mark was last found there, or in a quotation or stored copy of it: year and month. */
  readonly seen: string;
}

/**
 * Agents that fetch on behalf of a language model: what a user's assistant opens, what fills an assistant's index, what collects training data.
 * A crawler that serves a search engine for people (Googlebot, Applebot), archives (CCBot) or checks advertisements stays a bot.
 */
export const modelAgents: readonly AgentMark[] = [
  { mark: "ClaudeBot", source: "https://support.claude.com/en/articles/8896518", seen: "2026-11" },
  { mark: "Claude-User", source: "https://support.claude.com/en/articles/8896518", seen: "2026-11" },
  { mark: "Claude-SearchBot", source: "https://support.claude.com/en/articles/8896518", seen: "2026-11" },
  { mark: "Claude-Web", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "anthropic-ai", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "claude-code/", source: "https://github.com/anthropics/claude-code/issues/38568", seen: "2026-11" },
  { mark: "GPTBot", source: "https://developers.openai.com/api/docs/bots", seen: "2026-11" },
  { mark: "ChatGPT-User", source: "https://developers.openai.com/api/docs/bots", seen: "2026-11" },
  { mark: "OAI-SearchBot", source: "https://developers.openai.com/api/docs/bots", seen: "2026-11" },
  { mark: "PerplexityBot", source: "https://docs.perplexity.ai/docs/resources/perplexity-crawlers", seen: "2026-11" },
  { mark: "Perplexity-User", source: "https://docs.perplexity.ai/docs/resources/perplexity-crawlers", seen: "2026-11" },
  {
    mark: "Google-Agent",
    source: "https://developers.google.com/crawling/docs/crawlers-fetchers/google-user-triggered-fetchers",
    seen: "2026-11",
  },
  {
    mark: "Google-GeminiNotebook",
    source: "https://developers.google.com/crawling/docs/crawlers-fetchers/google-user-triggered-fetchers",
    seen: "2026-11",
  },
  { mark: "Google-NotebookLM", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "Google-CloudVertexBot", source: "https://developers.cloudflare.com/ai-crawl-control/reference/bots/", seen: "2026-11" },
  { mark: "Gemini-Deep-Research", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "meta-externalagent", source: "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers", seen: "2026-11" },
  { mark: "meta-externalfetcher", source: "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers", seen: "2026-11" },
  { mark: "meta-webindexer", source: "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers", seen: "2026-11" },
  { mark: "Amazonbot", source: "https://developers.cloudflare.com/ai-crawl-control/reference/bots/", seen: "2026-11" },
  { mark: "Amzn-SearchBot", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "Amzn-User", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "bedrockbot", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "MistralAI-User", source: "https://docs.mistral.ai/robots", seen: "2026-11" },
  { mark: "DuckAssistBot", source: "https://duckduckgo.com/duckduckgo-help-pages/results/duckassistbot/", seen: "2026-11" },
  { mark: "Bytespider", source: "https://developers.cloudflare.com/ai-crawl-control/reference/bots/", seen: "2026-11" },
  { mark: "cohere-ai", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "cohere-training-data-crawler", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "DeepSeekBot", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "ChatGLM-Spider", source: "https://github.com/ai-robots-txt/ai.robots.txt", seen: "2026-11" },
  { mark: "AI2Bot", source: "https://allenai.org/crawler", seen: "2026-11" },
];

/**
 * Products that name a browser, tried in this order. Brands first: on iOS Chrome and Firefox run on Safari's engine and say its name too.
 * The expressions hold literals alone, without repetition, so that each is one pass over the text.
 */
export const browserMarks: readonly { readonly mark: RegExp; readonly browser: "chromium" | "firefox" | "safari" | "unknown" }[] = [
  {
    mark: /\b(?:Chrome|Chromium|CriOS|Edg|EdgA|EdgiOS|Edge|OPR|OPX|OPT|OPiOS|Brave|SamsungBrowser|Vivaldi|YaBrowser)\//,
    browser: "chromium",
  },
  { mark: /\b(?:Firefox|FxiOS|Focus)\//, browser: "firefox" },
  // The browser of Android before Chrome says "Safari" and is neither.
  { mark: /\bAndroid\b/, browser: "unknown" },
  // Apps on iOS that show pages have Safari's engine and leave out its name.
  { mark: /\bSafari\/|\b(?:iPhone|iPad|iPod)\b/, browser: "safari" },
];
