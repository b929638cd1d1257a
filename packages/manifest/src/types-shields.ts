/** A request is refused. */
export interface Block {
  readonly action: "block";
  /** 400 to 599. */
  readonly status: number;
}

/** A request is sent elsewhere. */
export interface Redirect {
  readonly action: "redirect";
  /** A path on the same host, or an http or https URL. */
  readonly location: string;
  readonly status: 301 | 302 | 303 | 307 | 308;
}

/** Which requests are refused, redirected or marked. */
export interface Shields {
  /** In file order: the first that matches decides. */
  readonly rules: readonly ShieldRule[];
}

/** A rule about the requests that meet all of its conditions; without any, about all. */
export type ShieldRule = ShieldConditions &
  ({ readonly action: "allow" | "log" } | Block | Redirect | { readonly action: "tag"; readonly header: string; readonly value: string });

/** What a request is asked for. */
export interface ShieldConditions {
  /** Unique among rules; `rule-1` and so on where the file gives none. */
  readonly name: string;
  /** Source of a pattern, matched against the path. */
  readonly path?: string;
  /** A class of user agents, or `~` and a pattern. */
  readonly ua?: string;
  /** Networks and addresses, one of which the client is in. */
  readonly cidr?: readonly string[];
  /** A JA4H fingerprint, or beginnings of its parts joined by `_`. */
  readonly ja4h?: string;
}
