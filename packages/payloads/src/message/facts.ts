import type { Fields } from "@mothership/kernel";

/** What a guest is told of a request, beside its fields. */
export interface RequestFacts {
  readonly id: string;
  /** Name of the bind it came in on. */
  readonly bind: string;
  readonly method: string;
  /** In canonical form, without the query. */
  readonly path: string;
  /** With its `?`, or "". */
  readonly query: string;
  readonly scheme: "http" | "https";
  /** Lower case, without the port; "" if none. */
  readonly host: string;
  readonly httpVersion: string;
  /** "" over a Unix socket. */
  readonly clientIp: string;
  readonly clientPort: number;
  /** Null for a request without TLS. */
  readonly tls: TlsFacts | null;
  /** Class of the user agent, and the shield's word on it, where somebody determined them. */
  readonly uaKind: string | null;
  readonly shield: string | null;
  /** The one list that is decided on and forwarded. */
  readonly fields: Fields;
}

export interface TlsFacts {
  readonly version: string | null;
  readonly sni: string | null;
}

/** What a guest is told of a response. */
export interface ResponseFacts {
  readonly status: number;
  readonly fields: Fields;
}
