// entry: .
import { Incoming, Exchange, MothershipError, Logger, Middleware } from '@mothership/kernel';
import { BlockList } from 'node:net';
import { PatternSet } from '@mothership/patterns';

/** What a fingerprint is made from; an `Incoming` is one. The fields as they were received, in their order and case. */
type RequestShape = Pick<Incoming, "method" | "version" | "fields">;
/** The four parts of a JA4H fingerprint, each computed when it is first read. */
interface FingerprintParts {
    /** Method, version, cookie or not, referer or not, number of fields, language: 12 readable characters. */
    readonly a: string;
    /** Hash of the field names. */
    readonly b: string;
    /** Hash of the cookie names. */
    readonly c: string;
    /** Hash of the cookie names and values: the same for one visitor only. */
    readonly d: string;
}
/**
 * The JA4H fingerprint of a request: `a_b_c_d`, in lower-case letters, digits, `_`, `-` (after the method) and `*` (of the language).
 *
 * JA4H is part of JA4+, which is patent pending and under the FoxIO License 1.1: see the README of this package.
 */
declare function fingerprint(shape: RequestShape): string;
/** The same in parts. Nothing is hashed for a part that nobody reads. `shape` must not change meanwhile. */
declare function fingerprintParts(shape: RequestShape): FingerprintParts;

/** Which requests a rule is about: those that meet all that it says. A rule that says nothing is about every request. */
interface ShieldConditions {
    /** A fingerprint, or beginnings of its parts, as in `fingerprintFilter`. */
    readonly ja4h?: string | undefined;
    /** As in `userAgentFilter`. */
    readonly ua?: string | undefined;
    /** Addresses and networks (`192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`), one of which the client has to be in. Clients of Unix sockets are in none. */
    readonly cidr?: string | readonly string[] | undefined;
    /** Matched against the whole canonical path, without the query. */
    readonly path?: string | undefined;
}
/**
 * What is done with a request.
 *
 * - allow: it goes on, and no later rule is asked.
 * - block: it is answered with `status` (400 to 599, default 403).
 * - redirect: it is sent to `location` (a path or an http(s) URL) with `status` (301, 302, 303, 307 or 308, default 302). A request that is
 *   there already is not matched by the rule.
 * - tag: it goes on with a request field `header: value`. No client can send that field itself.
 * - log: it goes on, with a line in the log.
 */
type ShieldAction = {
    readonly action: "allow";
} | {
    readonly action: "block";
    readonly status?: number | undefined;
} | {
    readonly action: "redirect";
    readonly location: string;
    readonly status?: number | undefined;
} | {
    readonly action: "tag";
    readonly header: string;
    readonly value: string;
} | {
    readonly action: "log";
};
/** One rule, plain data. `name` stands for it in logs and metrics; without one it is `rule-1` and so on, by its place. */
type ShieldRule = {
    readonly name?: string | undefined;
} & ShieldConditions & ShieldAction;

/**
 * What kind of program a User-Agent says it is. `llm`: it fetches for a language model. `bot`: crawlers, command line tools, libraries.
 * `unknown`: none of these, or nothing was said.
 */
type AgentClass = "chromium" | "firefox" | "safari" | "llm" | "bot" | "unknown";
/**
 * The class of a User-Agent, decided in this order: language models, bots, Chromium and its kin, Firefox, Safari.
 *
 * A claim, not a proof: whoever sends a request writes its User-Agent. The last 2,048 agents are remembered.
 */
declare function classifyUserAgent(userAgent: string): AgentClass;

/** A rule that was checked, with all defaults in place. */
interface RuleMatch {
    /** Place in the list, from 0. */
    readonly index: number;
    readonly name: string;
    readonly action: ShieldAction;
}
/** One rule, ready to be asked. */
interface CompiledRule {
    readonly match: RuleMatch;
    readonly networks: BlockList | undefined;
    /** Whether the paths are to be asked, and under which index. */
    readonly path: number | undefined;
    readonly classes: readonly AgentClass[] | undefined;
    readonly agentPattern: number | undefined;
    readonly fingerprint: ((found: FingerprintParts) => boolean) | undefined;
    /** Where a redirect leads: a request that is there is not matched. */
    readonly destination: {
        readonly host: string | undefined;
        readonly path: string;
    } | undefined;
}
/** Rules that were checked and compiled. Made by `compileRules`, asked by `decide`. Holds no state of requests. */
interface RuleSet {
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
declare function compileRules(rules: readonly ShieldRule[]): RuleSet;

/** What rules ask about a request. Each is read at most once in a decision, and not before a rule asks. */
interface RequestFacts extends RequestShape {
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
declare function factsOf(exchange: Exchange): RequestFacts;
/** The first rule, in the order of the list, whose conditions are all met; undefined if there is none. Changes nothing and tells nobody. */
declare function decide(set: RuleSet, facts: RequestFacts): RuleMatch | undefined;
/** Why a decision is what it is; plain data, to be shown as JSON. */
interface Explanation {
    readonly ja4h: string;
    readonly agent: AgentClass;
    /** The rule that decides; null if none does. */
    readonly match: RuleMatch | null;
    /** Each rule up to that one, and the first condition that kept it from matching. `location`: the request is where a redirect would send it. */
    readonly rules: readonly {
        readonly name: string;
        readonly unmet: Condition | null;
    }[];
}
/** What may keep a rule from matching. */
type Condition = keyof ShieldConditions | "location";
/** The same decision as `decide`, with its reasons. */
declare function explain(set: RuleSet, facts: RequestFacts): Explanation;

/** A user agent filter is none of the words and no `~pattern` that compiles. Thrown when the filter is made, never by a request. */
declare class AgentFilterError extends MothershipError {
    readonly code = "MS_AGENT_FILTER_INVALID";
    readonly expression: string;
    constructor(expression: string, reason: string, options?: ErrorOptions);
}
/** A text cannot be the beginning of any fingerprint. Thrown when the filter is made, never by a request. */
declare class FingerprintFilterError extends MothershipError {
    readonly code = "MS_FINGERPRINT_FILTER_INVALID";
    readonly expression: string;
    constructor(expression: string, reason: string);
}
/** A shield rule says something that cannot be meant. `key` is the part of the rule, `index` its place in the list from 0. */
declare class ShieldRuleError extends MothershipError {
    readonly code = "MS_SHIELD_RULE_INVALID";
    readonly index: number;
    readonly key: string;
    constructor(index: number, key: string, reason: string, options?: ErrorOptions);
}

/**
 * A test for fingerprints: up to four beginnings of parts, joined by `_`, each of which has to begin the part in its place. A whole
 * fingerprint matches itself alone, `ge11` every GET over HTTP/1.1, `_8ddaef5d77af` one list of field names. Case does not matter.
 *
 * @throws {FingerprintFilterError} for what no fingerprint could match.
 */
declare function fingerprintFilter(expression: string): (shape: RequestShape) => boolean;

/** What a blocked client is told; the shape is that of a proxy's own answers. */
interface Refusal {
    readonly status: number;
    readonly reason: "shield";
    readonly message: string;
}
/** What a shield works with. */
interface ShieldDeps {
    readonly log: Logger;
    /** Called for each request that a rule matches, before its action: for counting per rule. */
    readonly onMatch?: ((match: RuleMatch, exchange: Exchange) => void) | undefined;
    /** Sends a refusal. Default: a line of text. */
    readonly reply?: ((exchange: Exchange, refusal: Refusal) => void) | undefined;
}
/**
 * Middleware that does what the first matching rule says, and passes on what no rule matches. Without rules it is not there.
 *
 * @throws {ShieldRuleError} for the first rule that cannot be meant.
 */
declare function shield(rules: readonly ShieldRule[], deps: ShieldDeps): Middleware;

/**
 * A test for User-Agents: `browser`, `chromium`, `firefox`, `safari`, `llm`, `bot`, or `~` and a pattern.
 *
 * A pattern matches where it stands anywhere in the User-Agent, in its case; `^`, `$` and `(?i)` say otherwise.
 * An agent of unknown class, or none at all (""), passes no word.
 *
 * @throws {AgentFilterError} for anything else; its `cause` is the `PatternError` of a pattern that does not compile.
 */
declare function userAgentFilter(expression: string): (userAgent: string) => boolean;

export { AgentFilterError, FingerprintFilterError, ShieldRuleError, classifyUserAgent, compileRules, decide, explain, factsOf, fingerprint, fingerprintFilter, fingerprintParts, shield, userAgentFilter };
export type { AgentClass, Condition, Explanation, FingerprintParts, Refusal, RequestFacts, RequestShape, RuleMatch, RuleSet, ShieldAction, ShieldConditions, ShieldDeps, ShieldRule };
