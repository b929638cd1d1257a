export { type AccessEntry, type AccessLogOptions, accessLog } from "./access-log.ts";
export { type BreakerPolicy, type BreakerState, breakerMemory } from "./breaker.ts";
export type { CertificateFiles } from "./certificate.ts";
export { clientCountsMemory, forgetCounts, type SharedCountsPlace } from "./client-counts.ts";
export type { ErrorPagesSpec } from "./error-pages.ts";
export {
  BindDeniedError,
  BindFailedError,
  BindInUseError,
  DrainedError,
  ErrorPagesError,
  TargetError,
  TlsCertificateError,
  TrustedProxyError,
} from "./errors.ts";
export type { ProxyEvents } from "./events.ts";
export { type ForwardOptions, type ForwardWatch, forwardTo } from "./forward.ts";
export type { ForwardingSpec } from "./headers.ts";
export { defaultHttp2Limits, type Http2Limits } from "./http2-settings.ts";
export { type ListenerSpec, openProxy, type Proxy, type ProxyChange, type ProxySpec } from "./proxy.ts";
export { type Answer, answers, render, reply } from "./reply.ts";
export type { RetryPolicy } from "./retry.ts";
export { createRouter, notFound, type Route } from "./router.ts";
export { canonicalPath, type PathProblem } from "./target.ts";
export { ticketMemory } from "./ticket-keys.ts";
export type { TlsSpec } from "./tls.ts";
export { openUpstream, type Upstream, type UpstreamSpec } from "./upstream.ts";
export type { HoldOutcome, HoldPolicy } from "./waiting-room.ts";
