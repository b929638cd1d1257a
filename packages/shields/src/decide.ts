import type { SocketAddress } from "node:net";
import type { Exchange } from "@mothership/kernel";
import { type FingerprintParts, fingerprint, fingerprintParts, type RequestShape } from "./fingerprint.ts";
import { addressOf } from "./networks.ts";
import type { ShieldConditions } from "./rule.ts";
import type { CompiledRule, RuleMatch, RuleSet } from "./rule-set.ts";
import { type AgentClass, classifyUserAgent, cutAgent } from "./user-agent.ts";

/** What rules ask about a request. Each is read at most once in a decision, and not before a rule asks. */
export interface RequestFacts extends RequestShape {
  /** "" if there is none. */
  readonly userAgent: string;
  /** IP address of the client; "" over a Unix socket. */
  readonly address: string;
  /** Lower case, without the port. */
  readonly host: string;
  /** Canonical, without the query. */
  readonly path: string;
}

/** The facts of an exchange: the fingerprint of what was received, the User-Agent that is forwarded. */
export function factsOf(exchange: Exchange): RequestFacts {
  return new ExchangeFacts(exchange);
}

/** A class, because a literal with an accessor takes V8 longer than most decisions do. */
class ExchangeFacts implements RequestFacts {
  readonly method: string;
  readonly version: RequestFacts["version"];
  readonly fields: RequestFacts["fields"];
  readonly address: string;
  readonly host: string;
  readonly path: string;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    const { incoming } = exchange;
    this.method = incoming.method;
    this.version = incoming.version;
    this.fields = incoming.fields;
    this.address = exchange.client.address;
    this.host = exchange.host;
    this.path = exchange.path;
    this.#exchange = exchange;
  }

  get userAgent(): string {
    return this.#exchange.fields.get("user-agent") ?? "";
  }
}

/** The first rule, in the order of the list, whose conditions are all met; undefined if there is none. Changes nothing and tells nobody. */
export function decide(set: RuleSet, facts: RequestFacts): RuleMatch | undefined {
  const asked = new Question(set, facts);
  for (const rule of set.rules) if (asked.unmet(rule) === undefined) return rule.match;
  return undefined;
}

/** Why a decision is what it is; plain data, to be shown as JSON. */
export interface Explanation {
  readonly ja4h: string;
  readonly agent: AgentClass;
  /** The rule that decides; null if none does. */
  readonly match: RuleMatch | null;
  /** Each rule up to that one, and the first condition that kept it from matching. `location`: the request is where a redirect would send it. */
  readonly rules: readonly { readonly name: string; readonly unmet: Condition | null }[];
}

/** What may keep a rule from matching. */
export type Condition = keyof ShieldConditions | "location";

/** The same decision as `decide`, with its reasons. */
export function explain(set: RuleSet, facts: RequestFacts): Explanation {
  const asked = new Question(set, facts);
  const rules: { name: string; unmet: Condition | null }[] = [];
  let match: RuleMatch | null = null;
  for (const rule of set.rules) {
    const unmet = asked.unmet(rule) ?? null;
    rules.push({ name: rule.match.name, unmet });
    if (unmet !== null) continue;
    match = rule.match;
    break;
  }
  return { ja4h: fingerprint(facts), agent: classifyUserAgent(facts.userAgent), match, rules };
}

/** One decision under way: what was found out for one rule serves the next. */
class Question {
  readonly #set: RuleSet;
  readonly #facts: RequestFacts;
  #userAgent: string | undefined;
  #agentClass: AgentClass | undefined;
  /** Null for a client that is in no network of any rule. */
  #address: SocketAddress | null | undefined;
  #paths: Cursor | undefined;
  #agents: Cursor | undefined;
  #parts: FingerprintParts | undefined;

  constructor(set: RuleSet, facts: RequestFacts) {
    this.#set = set;
    this.#facts = facts;
  }

  /** The first condition of a rule that is not met, the cheap ones first. Rules have to be asked in their order. */
  unmet(rule: CompiledRule): Condition | undefined {
    if (rule.networks !== undefined && !this.#isIn(rule.networks)) return "cidr";
    if (rule.path !== undefined && !this.#hasPath(rule.path)) return "path";
    if (rule.classes !== undefined && !rule.classes.includes(this.#class())) return "ua";
    if (rule.agentPattern !== undefined && !this.#hasAgent(rule.agentPattern)) return "ua";
    if (rule.fingerprint !== undefined && !rule.fingerprint(this.#fingerprint())) return "ja4h";
    if (rule.destination !== undefined && this.#isAt(rule.destination)) return "location";
    return undefined;
  }

  #isIn(networks: NonNullable<CompiledRule["networks"]>): boolean {
    if (this.#address === undefined) {
      const address = addressOf(this.#facts.address);
      this.#address = address && this.#set.networks.check(address) ? address : null;
    }
    return this.#address !== null && networks.check(this.#address);
  }

  #hasPath(index: number): boolean {
    this.#paths ??= new Cursor(this.#set.paths.match(this.#facts.path));
    return this.#paths.has(index);
  }

  #hasAgent(index: number): boolean {
    this.#agents ??= new Cursor(this.#set.agents.match(cutAgent(this.#agent())));
    return this.#agents.has(index);
  }

  #class(): AgentClass {
    this.#agentClass ??= classifyUserAgent(this.#agent());
    return this.#agentClass;
  }

  #agent(): string {
    this.#userAgent ??= this.#facts.userAgent;
    return this.#userAgent;
  }

  #fingerprint(): FingerprintParts {
    this.#parts ??= fingerprintParts(this.#facts);
    return this.#parts;
  }

  #isAt({ host, path }: NonNullable<CompiledRule["destination"]>): boolean {
    return path === this.#facts.path && (host === undefined || host === this.#facts.host);
  }
}

/** Walks once through ascending indices while it is asked for ascending ones. */
class Cursor {
  readonly #indices: readonly number[];
  #at = 0;

  constructor(indices: readonly number[]) {
    this.#indices = indices;
  }

  has(index: number): boolean {
    while (this.#at < this.#indices.length && this.#indices[this.#at]! < index) this.#at++;
    return this.#indices[this.#at] === index;
  }
}
