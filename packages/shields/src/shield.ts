import { bodyOf, type Exchange, emptyBody, Fields, type Logger, type Middleware } from "@mothership/kernel";
import { decide, factsOf } from "./decide.ts";
import type { ShieldRule } from "./rule.ts";
import { compileRules, type RuleMatch } from "./rule-set.ts";

/** What a blocked client is told; the shape is that of a proxy's own answers. */
export interface Refusal {
  readonly status: number;
  readonly reason: "shield";
  readonly message: string;
}

/** What a shield works with. */
export interface ShieldDeps {
  readonly log: Logger;
  /** Called for each request that a rule matches, before its action: for counting per rule. */
  readonly onMatch?: ((match: RuleMatch, exchange: Exchange) => void) | undefined;
  /** Sends a refusal. Default: a line of text. */
  readonly reply?: ((exchange: Exchange, refusal: Refusal) => void) | undefined;
}

/** Characters of a client's text in a log line. */
const loggedCharacters = 256;

/**
 * Middleware that does what the first matching rule says, and passes on what no rule matches. Without rules it is not there.
 *
 * @throws {ShieldRuleError} for the first rule that cannot be meant.
 */
export function shield(rules: readonly ShieldRule[], deps: ShieldDeps): Middleware {
  const set = compileRules(rules);
  const { onMatch, reply = refuse } = deps;
  return (next) => {
    if (set.rules.length === 0) return next;
    return (exchange) => {
      if (set.tagKeys.size > 0) dropOwnTags(exchange.fields, set.tagKeys);
      const match = decide(set, factsOf(exchange));
      if (match === undefined) return next(exchange);
      onMatch?.(match, exchange);
      const { action } = match;
      switch (action.action) {
        case "allow":
          return next(exchange);
        case "log":
          report(deps.log, match.name, exchange);
          return next(exchange);
        case "tag":
          exchange.fields.set(action.header, action.value);
          return next(exchange);
        case "block":
          return reply(exchange, { status: action.status ?? 403, reason: "shield", message: "This request was refused." });
        case "redirect":
          return redirect(exchange, action.location, action.status ?? 302);
      }
    };
  };
}

/**
 * A backend trusts a tag because only a rule writes it. A client that sent the field itself would tag its own request, also under a
 * spelling that gateways make the same (RFC 3875, 4.1.18 turns `-` into `_`).
 */
function dropOwnTags(fields: Fields, tagKeys: ReadonlySet<string>): void {
  const forged = new Set<string>();
  for (let index = 0; index < fields.size; index++) {
    const key = fields.key(index);
    if (tagKeys.has(key) || (/[_.]/.test(key) && tagKeys.has(key.replaceAll(/[_.]/g, "-")))) forged.add(key);
  }
  for (const key of forged) fields.delete(key);
}

function report(log: Logger, rule: string, exchange: Exchange): void {
  log.info("a shield rule matched", {
    rule,
    requestId: exchange.id,
    bind: exchange.bind,
    client: exchange.client.address,
    method: exchange.incoming.method,
    path: exchange.path.slice(0, loggedCharacters),
    userAgent: (exchange.fields.get("user-agent") ?? "").slice(0, loggedCharacters),
  });
}

function refuse(exchange: Exchange, { status, message }: Refusal): void {
  const fields = Fields.from([
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["X-Request-Id", exchange.id],
  ]);
  exchange.respond({ status, fields }, bodyOf(`${status}: ${message}\n`));
}

function redirect(exchange: Exchange, location: string, status: number): void {
  const fields = Fields.from([
    ["Location", location],
    // The answer depends on who asks, so that no cache may give it to another.
    ["Cache-Control", "no-store"],
    ["X-Request-Id", exchange.id],
  ]);
  exchange.respond({ status, fields }, emptyBody);
}
