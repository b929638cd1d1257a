export { openPool } from "./client-pool.ts";
export { endToEndFields } from "./end-to-end.ts";
export { BodyLengthError, NotUpgradableError, RequestBodyError, UpstreamError } from "./errors.ts";
export {
  defaultClientLimits,
  defaultClientTimeouts,
  defaultMaxConnections,
  defaultMaxQueued,
  defaultServerLimits,
  defaultServerTimeouts,
} from "./limits.ts";
export { pieceReceived } from "./reclaim.ts";
export { refusals } from "./refusals.ts";
export { serveConnection } from "./serve-connection.ts";
export { resetSocket } from "./socket.ts";
export { isAuthority } from "./target.ts";
export { relayableTrailers } from "./trailers.ts";
export type {
  ChunkLimits,
  ClientError,
  ClientExchange,
  ClientLimits,
  ClientPool,
  ClientTimeouts,
  HeadLimits,
  Outgoing,
  PoolSpec,
  Refusal,
  ResponseHandler,
  ServerConnection,
  ServerLimits,
  ServerSpec,
  ServerTimeouts,
} from "./types.ts";
