export type { Abi, RecognisedAbi } from "./abi/interface.ts";
export type { PayloadStats } from "./engine/keeper.ts";
export type { QuarantineState } from "./engine/quarantine.ts";
export {
  PayloadInterfaceError,
  PayloadInvalidError,
  PayloadRefusedError,
  PayloadSpecError,
  PayloadStartError,
} from "./errors.ts";
export { inspectModule, type ModuleReport } from "./inspect.ts";
export { payloadLimits } from "./limits.ts";
export { RequestContext, ResponseContext } from "./message/context.ts";
export type { RequestFacts, ResponseFacts, TlsFacts } from "./message/facts.ts";
export type { FieldEdit } from "./message/fields-draft.ts";
export { type PayloadAnswer, payloadAnswers, type RenderAnswer } from "./path/answers.ts";
export type { FurtherFacts } from "./path/exchange-facts.ts";
export { type PayloadMiddlewareOptions, payloadMiddleware } from "./path/middleware.ts";
export { openPayload, type Payload, type RequestOutcome, type ResponsePart } from "./payload.ts";
export { runOnce, type TrialInput, type TrialResult } from "./run-once.ts";
export type { AbiChoice, CompleteSpec, PayloadPhase, PayloadSpec } from "./spec.ts";
export type { Block, Changes, Failure, FailureKind, Verdict } from "./verdict.ts";
export { type MeteredModule, type MeterOptions, meter } from "./wasm/meter.ts";
