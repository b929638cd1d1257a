/** Which requests a rule is about: those that meet all that it says. A rule that says nothing is about every request. */
export interface ShieldConditions {
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
export type ShieldAction =
  | { readonly action: "allow" }
  | { readonly action: "block"; readonly status?: number | undefined }
  | { readonly action: "redirect"; readonly location: string; readonly status?: number | undefined }
  | { readonly action: "tag"; readonly header: string; readonly value: string }
  | { readonly action: "log" };

/** One rule, plain data. `name` stands for it in logs and metrics; without one it is `rule-1` and so on, by its place. */
export type ShieldRule = { readonly name?: string | undefined } & ShieldConditions & ShieldAction;

/** Bounds of what may be written. Passing one is a `ShieldRuleError`. */
export const ruleLimits = {
  rules: 1_000,
  /** Of all rules together. */
  networks: 100_000,
  nameLength: 64,
  valueLength: 1_000,
  locationLength: 2_000,
} as const;
