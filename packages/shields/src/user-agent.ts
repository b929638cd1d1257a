import { browserMarks, modelAgents } from "./agent-table.ts";
import { isBot } from "./bots.ts";
import { BoundedCache } from "./bounded-cache.ts";

/**
 * What kind of program a User-Agent says it is. `llm`: it fetches for a language model. `bot`: crawlers, command line tools, libraries.
 * `unknown`: none of these, or nothing was said.
 */
export type AgentClass = "chromium" | "firefox" | "safari" | "llm" | "bot" | "unknown";

/** Characters of a User-Agent that are looked at; what stands behind them decides nothing. */
export const maxAgentLength = 1024;
const rememberedAgents = 2048;

const remembered = new BoundedCache<AgentClass>(rememberedAgents);

/** Literals alone: one pass, whatever the text. */
const modelMarks = new RegExp(`\\b(?:${modelAgents.map(({ mark }) => escapeMark(mark)).join("|")})`, "i");

/**
 * The class of a User-Agent, decided in this order: language models, bots, Chromium and its kin, Firefox, Safari.
 *
 * A claim, not a proof: whoever sends a request writes its User-Agent. The last 2,048 agents are remembered.
 */
export function classifyUserAgent(userAgent: string): AgentClass {
  const known = remembered.get(userAgent);
  if (known !== undefined) return known;
  const cut = cutAgent(userAgent);
  const found = classify(cut);
  // A longer one is not kept under its full length, which is the sender's choice.
  if (cut.length === userAgent.length) remembered.set(userAgent, found);
  return found;
}

/** As much of a User-Agent as is looked at. */
export function cutAgent(userAgent: string): string {
  return userAgent.length > maxAgentLength ? userAgent.slice(0, maxAgentLength) : userAgent;
}

function classify(userAgent: string): AgentClass {
  if (userAgent === "") return "unknown";
  if (modelMarks.test(userAgent)) return "llm";
  if (isBot(userAgent)) return "bot";
  return browserMarks.find(({ mark }) => mark.test(userAgent))?.browser ?? "unknown";
}

function escapeMark(mark: string): string {
  return mark.replaceAll(/[^\w]/g, "\\$&");
}
