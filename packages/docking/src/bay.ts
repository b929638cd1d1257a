export type { BayClient, BayHandlers, BoardingAnswer } from "./bay/handlers.ts";
export type { BayOptions } from "./bay/options.ts";
export { type ServedBay, serveBay } from "./bay/serve-bay.ts";
export { BaySocketError, CreditExceededError, FrameTooLargeError, FrameUnexpectedError, LinkFaultError } from "./errors.ts";
export type { HeaderPair, Reboarding } from "./frame.ts";
