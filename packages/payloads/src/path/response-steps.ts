import { type Body, type Exchange, emptyBody, messageOf, type ResponseHead } from "@mothership/kernel";
import { type RequestContext, ResponseContext } from "../message/context.ts";
import { applyEdits } from "../message/fields-draft.ts";
import type { Payload, ResponsePart } from "../payload.ts";
import type { Verdict } from "../verdict.ts";
import { answerFor, type PayloadAnswer, payloadAnswers, type Response, renderBlock } from "./answers.ts";
import type { ResponseTaker } from "./exchange-view.ts";
import { bodyOfHeld, holdBody } from "./held-body.ts";
import { type PassageContext, reportFailure } from "./passage-context.ts";

/** A payload that sees the response. */
interface Step {
  readonly payload: Payload;
  /** Of a guest that waits for it since the request. */
  readonly part: ResponsePart | undefined;
}

/** The payloads that see the response of one request. */
export class ResponseSteps {
  readonly #request: RequestContext;
  readonly #exchange: Exchange;
  readonly #context: PassageContext;
  #steps: Step[] = [];

  constructor(request: RequestContext, exchange: Exchange, context: PassageContext) {
    this.#request = request;
    this.#exchange = exchange;
    this.#context = context;
  }

  add(payload: Payload, part?: ResponsePart): void {
    this.#steps.push({ payload, part });
  }

  /** There will be no response to be seen. Those that wait for one are told. */
  none(failed = false): void {
    const waiting = this.#steps;
    this.#steps = [];
    for (const { part } of waiting) part?.over(failed);
  }

  /** Waits for the response. Where the body has to be held, the result takes the response; else it is a hook of the exchange. */
  arm(): ResponseTaker | undefined {
    if (this.#steps.length === 0) return undefined;
    if (this.#steps.some(({ part }) => part)) this.#exchange.onFinished((outcome) => this.none(outcome.end !== "complete"));
    if (this.#mostBytes !== undefined) return { take: (head, body) => this.#hold(head, body), failed: (error) => this.#hookFailed(error) };
    this.#exchange.onResponse((head, body) => this.#show(head, body, undefined));
    return undefined;
  }

  /** Bytes of a body that all who look at it can take; undefined where nobody does. */
  get #mostBytes(): number | undefined {
    const readers = this.#steps.filter(({ payload, part }) => (part ? part.wantsBody : payload.spec.body));
    return readers.length === 0 ? undefined : Math.min(...readers.map(({ payload }) => payload.spec.maxBodyBytes));
  }

  #hold(head: ResponseHead, body: Body): void {
    const most = this.#mostBytes;
    // The client left meanwhile, or the response has no body that could be another one.
    if (most === undefined || this.#bodiless(head)) {
      const response = this.#show(head, body, undefined);
      this.#exchange.respond(response.head, response.body);
      return;
    }
    this.#exchange.onFinished((outcome) => {
      if (outcome.end !== "complete") body.cancel(new Error("nobody waits for the response any more"));
    });
    holdBody(body, most, (holding) => {
      const response =
        holding.kind === "whole"
          ? this.#show(head, bodyOfHeld(holding.bytes, holding.trailers), holding.bytes)
          : this.#refuse(holding.kind === "tooLong" ? payloadAnswers.responseTooLarge : payloadAnswers.responseCut);
      this.#exchange.respond(response.head, response.body);
    });
  }

  #hookFailed(error: unknown): void {
    this.#context.deps.log.error("a response hook failed", { requestId: this.#exchange.id, reason: messageOf(error) });
    const { head, body } = this.#refuse(payloadAnswers.internal);
    this.#exchange.respond(head, body);
  }

  #bodiless({ status }: ResponseHead): boolean {
    return this.#exchange.incoming.method === "HEAD" || status === 204 || status === 304;
  }

  /** Shows the response to all, the last first, and gives what becomes of it. */
  #show(head: ResponseHead, body: Body, held: Uint8Array | undefined): Response {
    let response: Response = { head, body };
    let bytes = held;
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const context = new ResponseContext({ status: response.head.status, fields: response.head.fields }, bytes);
      const verdict = this.#ask(step, context);
      if (verdict.action === "continue") {
        const { status, edits, body: replaced } = verdict.changes;
        applyEdits(response.head.fields, edits);
        if (status !== undefined) response = { ...response, head: { ...response.head, status } };
        if (replaced !== undefined) {
          bytes = replaced;
          response = { ...response, body: bodyOfHeld(replaced) };
        }
        continue;
      }
      body.cancel(new Error(`payload "${step.payload.spec.name}" did not let the response pass`));
      if (verdict.action === "block") {
        this.none();
        return renderBlock(verdict.block);
      }
      reportFailure(this.#context, step.payload, verdict.failure, this.#exchange.id);
      return this.#refuse(answerFor(verdict.failure, "response"));
    }
    // A status without content takes what content there was with it.
    if (response.head.status !== head.status && this.#bodiless(response.head)) {
      response.body.cancel(new Error("a payload set a status without content"));
      return { head: response.head, body: emptyBody };
    }
    return response;
  }

  #ask({ payload, part }: Step, response: ResponseContext): Verdict {
    if (part) return part.respond(response);
    return payload.response?.(this.#request, response) ?? { action: "fail", failure: { kind: "fault", reason: "it sees no responses" } };
  }

  #refuse(answer: PayloadAnswer): Response {
    this.none(true);
    return this.#context.render(this.#exchange, answer);
  }
}
