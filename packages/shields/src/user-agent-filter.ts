import { hasCode, messageOf } from "@mothership/kernel";
import { compilePattern } from "@mothership/patterns";
import { AgentFilterError } from "./errors.ts";
import { type AgentClass, classifyUserAgent, cutAgent } from "./user-agent.ts";

const words: Readonly<Record<string, readonly AgentClass[]>> = {
  browser: ["chromium", "firefox", "safari"],
  chromium: ["chromium"],
  firefox: ["firefox"],
  safari: ["safari"],
  llm: ["llm"],
  bot: ["bot"],
};

/**
 * A test for User-Agents: `browser`, `chromium`, `firefox`, `safari`, `llm`, `bot`, or `~` and a pattern.
 *
 * A pattern matches where it stands anywhere in the User-Agent, in its case; `^`, `$` and `(?i)` say otherwise.
 * An agent of unknown class, or none at all (""), passes no word.
 *
 * @throws {AgentFilterError} for anything else; its `cause` is the `PatternError` of a pattern that does not compile.
 */
export function userAgentFilter(expression: string): (userAgent: string) => boolean {
  const pattern = patternOf(expression);
  if (pattern !== undefined) {
    const matches = compiled(expression, pattern);
    return (userAgent) => matches(cutAgent(userAgent));
  }
  const classes = classesOf(expression);
  // The first request should not pay for loading what the filter needs.
  classifyUserAgent("-");
  return (userAgent) => classes.includes(classifyUserAgent(userAgent));
}

/** The pattern of a `~pattern`, else undefined. */
export function patternOf(expression: string): string | undefined {
  return expression.startsWith("~") ? expression.slice(1) : undefined;
}

/** The classes that a word stands for. @throws {AgentFilterError} for a word that is none. */
export function classesOf(expression: string): readonly AgentClass[] {
  if (!Object.hasOwn(words, expression))
    throw new AgentFilterError(expression, `write ${Object.keys(words).join(", ")}, or ~ and a pattern`);
  return words[expression]!;
}

function compiled(expression: string, pattern: string): (text: string) => boolean {
  if (pattern === "") throw new AgentFilterError(expression, "the pattern behind the ~ is missing");
  try {
    return compilePattern(pattern, { anchored: "search" });
  } catch (error) {
    if (!hasCode(error, "MS_PATTERN_INVALID")) throw error;
    throw new AgentFilterError(expression, messageOf(error), { cause: error });
  }
}
