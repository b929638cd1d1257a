export { FrameDecoder } from "./decode.ts";
export { encodeFrame } from "./encode.ts";
export { bayAddress, bayEnvironment, configStrings, socketFolder } from "./environment.ts";
export {
  BayClosedError,
  BayUnreachableError,
  CreditExceededError,
  FrameMalformedError,
  FrameTooLargeError,
  FrameUnexpectedError,
  FrameUnknownError,
  LinkClosedError,
  LinkFaultError,
  LinkSilentError,
} from "./errors.ts";
export type { BayEvents, LossKind } from "./events.ts";
export type { BaySnapshot, Traffic } from "./figures.ts";
export type * from "./frame.ts";
export { type BayLimits, defaultBayLimits, type FrameLimits } from "./limits.ts";
export { type BayLink, type BayLinkEvents, type BayLinkOptions, type LinkLoss, openBayLink } from "./link.ts";
export { type Bay, openBay } from "./open-bay.ts";
export type { BaySpec } from "./spec.ts";
