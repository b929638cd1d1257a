import { MothershipError } from "@mothership/kernel";

/** A user agent filter is none of the words and no `~pattern` that compiles. Thrown when the filter is made, never by a request. */
export class AgentFilterError extends MothershipError {
  readonly code = "MS_AGENT_FILTER_INVALID";
  readonly expression: string;

  constructor(expression: string, reason: string, options?: ErrorOptions) {
    super(`${quoted(expression)} is not a user agent filter: ${reason}`, options);
    this.name = "AgentFilterError";
    this.expression = expression;
  }
}

/** A text cannot be the beginning of any fingerprint. Thrown when the filter is made, never by a request. */
export class FingerprintFilterError extends MothershipError {
  readonly code = "MS_FINGERPRINT_FILTER_INVALID";
  readonly expression: string;

  constructor(expression: string, reason: string) {
    super(`${quoted(expression)} matches no fingerprint: ${reason}`);
    this.name = "FingerprintFilterError";
    this.expression = expression;
  }
}

/** A shield rule says something that cannot be meant. `key` is the part of the rule, `index` its place in the list from 0. */
export class ShieldRuleError extends MothershipError {
  readonly code = "MS_SHIELD_RULE_INVALID";
  readonly index: number;
  readonly key: string;

  constructor(index: number, key: string, reason: string, options?: ErrorOptions) {
    super(`shield rule ${index + 1}, "${key}": ${reason}`, options);
    this.name = "ShieldRuleError";
    this.index = index;
    this.key = key;
  }
}

/** What a person wrote, short enough for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
