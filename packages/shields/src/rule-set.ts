import { BlockList } from "node:net";
import { Fields, hasCode, messageOf } from "@mothership/kernel";
import { checkPattern, PatternSet } from "@mothership/patterns";
import { quoted, ShieldRuleError } from "./errors.ts";
import type { FingerprintParts } from "./fingerprint.ts";
import { compileFingerprint } from "./fingerprint-filter.ts";
import { readNetworks } from "./networks.ts";
import { ruleLimits, type ShieldAction, type ShieldRule } from "./rule.ts";
import { type AgentClass, classifyUserAgent } from "./user-agent.ts";
import { classesOf, patternOf } from "./user-agent-filter.ts";

/** A rule that was checked, with all defaults in place. */
export interface RuleMatch {
  /** Place in the list, from 0. */
  readonly index: number;
  readonly name: string;
  readonly action: ShieldAction;
}

/** One rule, ready to be asked. */
export interface CompiledRule {
  readonly match: RuleMatch;
  readonly networks: BlockList | undefined;
  /** Whether the paths are to be asked, and under which index. */
  readonly path: number | undefined;
  readonly classes: readonly AgentClass[] | undefined;
  readonly agentPattern: number | undefined;
  readonly fingerprint: ((found: FingerprintParts) => boolean) | undefined;
  /** Where a redirect leads: a request that is there is not matched. */
  readonly destination: { readonly host: string | undefined; readonly path: string } | undefined;
}

/** Rules that were checked and compiled. Made by `compileRules`, asked by `decide`. Holds no state of requests. */
export interface RuleSet {
  readonly rules: readonly CompiledRule[];
  readonly paths: PatternSet;
  readonly agents: PatternSet;
  /** The networks of all rules: most clients are in none, and one look says so. */
  readonly networks: BlockList;
  /** Lower-case names of the request fields that tags are written to. */
  readonly tagKeys: ReadonlySet<string>;
}

/**
 * Checks rules and prepares them, so that many cost little more than one: all paths are matched in one pass, and so are all agent patterns.
 *
 * @throws {ShieldRuleError} for the first rule that cannot be meant.
 */
export function compileRules(rules: readonly ShieldRule[]): RuleSet {
  if (rules.length > ruleLimits.rules)
    throw new ShieldRuleError(ruleLimits.rules, "rules", `there are ${rules.length}, and ${ruleLimits.rules} at most are possible`);
  const paths: Indexed[] = [];
  const agents: Indexed[] = [];
  const names = new Set<string>();
  const networks = new BlockList();
  let networkCount = 0;
  const compiled = rules.map((rule, index): CompiledRule => {
    const problem = (key: string, reason: string, options?: ErrorOptions): ShieldRuleError =>
      new ShieldRuleError(index, key, reason, options);
    const name = nameOf(rule, index, problem);
    if (names.has(name)) throw problem("name", `${quoted(name)} is the name of another rule`);
    names.add(name);
    const action = actionOf(rule, problem);
    const cidr = typeof rule.cidr === "string" ? [rule.cidr] : rule.cidr;
    networkCount += cidr?.length ?? 0;
    if (networkCount > ruleLimits.networks) throw problem("cidr", `all rules together may name ${ruleLimits.networks} networks`);
    const pattern = rule.ua === undefined ? undefined : patternOf(rule.ua);
    return {
      match: Object.freeze({ index, name, action }),
      networks: cidr && networksOf(cidr, networks, problem),
      path: rule.path === undefined ? undefined : paths.push({ index, key: "path", pattern: rule.path }) - 1,
      classes: rule.ua === undefined || pattern !== undefined ? undefined : within("ua", problem, () => classesOf(rule.ua!)),
      agentPattern: pattern === undefined ? undefined : agents.push({ index, key: "ua", pattern }) - 1,
      fingerprint: rule.ja4h === undefined ? undefined : within("ja4h", problem, () => compileFingerprint(rule.ja4h!)),
      destination: action.action === "redirect" ? destinationOf(action.location) : undefined,
    };
  });
  // The first request should not pay for loading what the rules need.
  if (compiled.some(({ classes }) => classes)) classifyUserAgent("-");
  return {
    rules: compiled,
    paths: setOf(paths, "whole"),
    agents: setOf(agents, "search"),
    networks,
    tagKeys: new Set(compiled.flatMap(({ match: { action } }) => (action.action === "tag" ? [action.header.toLowerCase()] : []))),
  };
}

type Problem = (key: string, reason: string, options?: ErrorOptions) => ShieldRuleError;

interface Indexed {
  readonly index: number;
  readonly key: string;
  readonly pattern: string;
}

function nameOf({ name }: ShieldRule, index: number, problem: Problem): string {
  if (name === undefined) return `rule-${index + 1}`;
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > ruleLimits.nameLength)
    throw problem("name", `${quoted(name)} is no name: 1 to ${ruleLimits.nameLength} visible ASCII characters`);
  return name;
}

/** The action alone, with its defaults. */
function actionOf(rule: ShieldRule, problem: Problem): ShieldAction {
  switch (rule.action) {
    case "allow":
    case "log":
      return { action: rule.action };
    case "block":
      return { action: "block", status: statusOf(rule.status ?? 403, (status) => status >= 400 && status <= 599, "400 to 599", problem) };
    case "redirect":
      if (!isLocation(rule.location)) throw problem("location", `${quoted(rule.location)} is neither a path nor an http or https URL`);
      return {
        action: "redirect",
        location: rule.location,
        status: statusOf(rule.status ?? 302, (status) => redirects.includes(status), "301, 302, 303, 307 or 308", problem),
      };
    case "tag":
      checkTag(rule, problem);
      return { action: "tag", header: rule.header, value: rule.value };
    default:
      // Rules come out of a file, whatever their type says.
      throw problem("action", "write allow, block, redirect, tag or log");
  }
}

const redirects: readonly number[] = [301, 302, 303, 307, 308];

function statusOf(status: number, fits: (status: number) => boolean, range: string, problem: Problem): number {
  if (!Number.isInteger(status) || !fits(status)) throw problem("status", `${String(status)} is none of ${range}`);
  return status;
}

/** A path on the same host (not `//host`, which is a host) or an absolute URL, in characters that need no escape in a field. */
function isLocation(location: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(location) || location.includes("\\") || location.length > ruleLimits.locationLength) return false;
  if (location.startsWith("/")) return !location.startsWith("//");
  const url = URL.parse(location);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

function destinationOf(location: string): CompiledRule["destination"] {
  const url = new URL(location, "http://same-host.invalid");
  return { host: location.startsWith("/") ? undefined : url.hostname, path: url.pathname };
}

/** Fields that decide how a message is framed or routed, or that say who a client is. A rule must not write them, let alone drop the client's own. */
const reserved =
  /^(?:host|connection|keep-alive|transfer-encoding|content-.*|te|trailer|upgrade|expect|via|forwarded|proxy(?:-.*)?|x-forwarded-.*|x-real-ip|x-request-id|authorization|cookie|user-agent)$/;

function checkTag({ header, value }: { readonly header: string; readonly value: string }, problem: Problem): void {
  if (reserved.test(header.toLowerCase())) throw problem("header", `${quoted(header)} is written by the proxy alone`);
  if (value.length > ruleLimits.valueLength) throw problem("value", `it has more than ${ruleLimits.valueLength} characters`);
  // One name in one form: gateways turn "-" and "_" into the same letter.
  if (/[_.]/.test(header)) throw problem("header", `write ${quoted(header)} with "-" alone`);
  try {
    new Fields().append(header, value);
  } catch (error) {
    throw problem("header", messageOf(error), { cause: error });
  }
}

function networksOf(entries: readonly string[], all: BlockList, problem: Problem): BlockList {
  if (entries.length === 0) throw problem("cidr", "the list is empty, so that the rule would match nothing");
  const read = readNetworks(entries, all);
  if ("wrong" in read) throw problem("cidr", `${quoted(read.wrong)} is neither an IP address nor a network such as 10.0.0.0/8`);
  return read.list;
}

/** Patterns are checked one by one first, for an error of the set says which one, but not of which rule. */
function setOf(patterns: readonly Indexed[], anchored: "whole" | "search"): PatternSet {
  for (const { index, key, pattern } of patterns) {
    if (pattern === "") throw new ShieldRuleError(index, key, "the pattern is empty");
    within(
      key,
      (name, reason, options) => new ShieldRuleError(index, name, reason, options),
      () => checkPattern(pattern),
    );
  }
  const last = patterns.at(-1);
  return within(
    last?.key ?? "",
    (name, reason, options) => new ShieldRuleError(last?.index ?? 0, name, `with the patterns of the rules before it, ${reason}`, options),
    () =>
      new PatternSet(
        patterns.map(({ pattern }) => pattern),
        { anchored },
      ),
  );
}

function within<T>(key: string, problem: Problem, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Error) || !codes.some((code) => hasCode(error, code))) throw error;
    throw problem(key, error.message, { cause: error });
  }
}

const codes = ["MS_PATTERN_INVALID", "MS_AGENT_FILTER_INVALID", "MS_FINGERPRINT_FILTER_INVALID"];
