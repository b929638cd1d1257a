import type { Deps, Exchange } from "@mothership/kernel";
import type { Payload } from "../payload.ts";
import type { Failure } from "../verdict.ts";
import type { RenderAnswer } from "./answers.ts";
import type { FurtherFacts } from "./exchange-facts.ts";

/** What a request's passage needs from outside. */
export interface PassageContext {
  readonly deps: Deps;
  readonly render: RenderAnswer;
  readonly describe: ((exchange: Exchange) => FurtherFacts) | undefined;
  readonly onFailure: ((payload: Payload, failure: Failure) => void) | undefined;
}

/** Tells of a failure. The log warns only where the guest was really asked: a quarantine would flood it. */
export function reportFailure({ deps, onFailure }: PassageContext, payload: Payload, failure: Failure, requestId: string): void {
  onFailure?.(payload, failure);
  const about = { payload: payload.spec.name, requestId, kind: failure.kind, reason: failure.reason };
  if (failure.kind === "quarantined" || failure.kind === "busy") deps.log.debug("a payload was not asked", about);
  else deps.log.warn("a payload failed", about);
}
