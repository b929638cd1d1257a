export { type Condition, decide, type Explanation, explain, factsOf, type RequestFacts } from "./decide.ts";
export { AgentFilterError, FingerprintFilterError, ShieldRuleError } from "./errors.ts";
export { type FingerprintParts, fingerprint, fingerprintParts, type RequestShape } from "./fingerprint.ts";
export { fingerprintFilter } from "./fingerprint-filter.ts";
export type { ShieldAction, ShieldConditions, ShieldRule } from "./rule.ts";
export { compileRules, type RuleMatch, type RuleSet } from "./rule-set.ts";
export { type Refusal, type ShieldDeps, shield } from "./shield.ts";
export { type AgentClass, classifyUserAgent } from "./user-agent.ts";
export { userAgentFilter } from "./user-agent-filter.ts";
