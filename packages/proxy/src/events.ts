/** What a proxy reports besides what middleware sees: requests and connections that never became an exchange. */
export interface ProxyEvents {
  /** A request was refused on the wire and has been answered; with status 0 the connection was closed instead. */
  refused: {
    readonly bind: string;
    /** Address of the peer; "" over a Unix socket. */
    readonly peer: string;
    readonly code: string;
    readonly status: number;
    /** Where the rule is written. */
    readonly section: string;
    readonly reason: string;
  };
  /** A connection was dropped without an answer, for what should be its PROXY protocol header is none. */
  headerRefused: { readonly bind: string; readonly peer: string; readonly reason: string };
  /** A connection was closed at once, for its listener had as many as it may, or its client, and then `peer` is its address. */
  turnedAway: { readonly bind: string; readonly peer: string };
  /** A TLS handshake came to nothing and the connection was closed. */
  handshakeFailed: { readonly bind: string; readonly peer: string; readonly reason: string };
}
