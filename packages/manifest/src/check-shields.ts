import { checkAgentFilter, checkPatternAt } from "./check-routes.ts";
import type { Draft } from "./draft.ts";
import { checkFingerprint } from "./fingerprint-text.ts";
import { type IssueList, type Spot, shown } from "./issue.ts";
import { limits } from "./limits.ts";
import { isNetwork } from "./networks.ts";

/** Rules say what can be meant. */
export function checkShields({ rules }: Draft, issues: IssueList): void {
  let networks = 0;
  for (const { value, path } of rules) {
    const spot = (key: string, text: string): Spot => ({ path: [...path, key], text, index: 0 });
    if (value.path !== undefined && value.path !== "") checkPatternAt(value.path, spot("path", value.path), issues);
    if (value.ua !== undefined) checkAgentFilter(value.ua, spot("ua", value.ua), issues);
    if (value.ja4h !== undefined) checkFingerprint(value.ja4h, spot("ja4h", value.ja4h), issues);
    if (value.cidr?.length === 0) issues.add([...path, "cidr"], '"cidr" is an empty list, so that the rule would match nothing');
    for (const network of value.cidr ?? [])
      if (!isNetwork(network))
        issues.add([...path, "cidr"], `${shown(network)} is not a network`, { expected: '"10.0.0.0/8", "fd00::/8", or one address' });
    networks += value.cidr?.length ?? 0;
    if (value.action === "tag") checkTag(value.header, spot("header", value.header), issues);
  }
  if (networks > limits.shieldNetworks)
    issues.add(["shields", "rules"], `the rules name ${networks} networks, and may name ${limits.shieldNetworks}`);
}

/** Fields that decide how a message is framed or routed, or that say who a client is. */
const reserved =
  /^(?:host|connection|keep-alive|transfer-encoding|content-.*|te|trailer|upgrade|expect|via|forwarded|proxy(?:-.*)?|x-forwarded-.*|x-real-ip|x-request-id|authorization|cookie|user-agent)$/i;

function checkTag(header: string, at: Spot, issues: IssueList): void {
  if (header === "") return;
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) issues.add(at, `${shown(header)} cannot be the name of a header`);
  else if (/[_.]/.test(header))
    // One name in one form: gateways turn "-" and "_" into the same letter.
    issues.add(at, `${shown(header)} is to be written with "-" alone`, { hint: `write ${shown(header.replaceAll(/[_.]/g, "-"))}` });
  else if (reserved.test(header))
    issues.add(at, `${shown(header)} is written by the proxy alone`, { hint: 'take another name, such as "X-Shield"' });
}
