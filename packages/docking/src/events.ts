/** Why a link ended. closed: the bay closed it or died. drained: it had finished after Drain. fault: it broke the protocol, or said that we did. silent: it answered no Ping. */
export type LossKind = "closed" | "drained" | "fault" | "silent" | "ours";

/** What happens to a bay. */
export interface BayEvents {
  /** A link is up. */
  moored: { readonly version: 1 | 2; readonly links: number };
  /** A link is gone. After a fault the process should be restarted; a lost bay is dialled again until it is closed. */
  lost: { readonly kind: LossKind; readonly code: string; readonly reason: string; readonly links: number };
  /** A client completed its handshake. */
  boarded: { readonly connId: number; readonly path: string };
  /** A client was boarded again; `inDoubt` messages of it went to an earlier process and may be lost. */
  reboarded: { readonly connId: number; readonly epoch: number; readonly inDoubt: number };
  /** A client is gone. `by` tells who ended it: `limit` stands for one of mothership's limits. */
  left: { readonly connId: number; readonly code: number; readonly reason: string; readonly by: "client" | "bay" | "limit" | "mothership" };
}
