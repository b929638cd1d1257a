/**
 * waiting: the request is not answered, and no bay was asked. asking: a bay was sent Boarding. open: the WebSocket is there and the bay has the
 * client. adrift: the link was lost, the WebSocket stays. again: a new link was sent Boarding. leaving: the client closed, and what it sent
 * before is still on its way to the bay. closing: this side closed, and the client has to answer. gone.
 */
export type ClientState = "waiting" | "asking" | "open" | "adrift" | "again" | "leaving" | "closing" | "gone";

/** boarding: Boarding was sent. opened: the bay has accepted. lost: the link is gone. left: the client closed. closed: we close it. over: nothing is left. */
export type ClientCause = "boarding" | "opened" | "lost" | "left" | "closed" | "over";

const table = {
  waiting: { boarding: "asking", over: "gone" },
  asking: { opened: "open", lost: "waiting", over: "gone" },
  open: { lost: "adrift", left: "leaving", closed: "closing", over: "gone" },
  adrift: { boarding: "again", closed: "closing", over: "gone" },
  again: { opened: "open", lost: "adrift", closed: "closing", over: "gone" },
  leaving: { over: "gone" },
  closing: { over: "gone" },
  gone: {},
} as const satisfies Record<ClientState, Partial<Record<ClientCause, ClientState>>>;

/** The state after `cause`, or undefined where the cause means nothing and is ignored. */
export function after(state: ClientState, cause: ClientCause): ClientState | undefined {
  const row: Partial<Record<ClientCause, ClientState>> = table[state];
  return row[cause];
}
