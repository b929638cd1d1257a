/**
 * One request on its way through payloads.
 *
 * 1. Payloads of the phase `request` are asked in order. Before the first that reads bodies, the body is held.
 * 2. What one changes is there for the next; the first block or failure ends it.
 * 3. The request goes on, in its own exchange or, where method or body are others, in a view of it.
 * 4. The response is shown to the payloads that see responses (`ResponseSteps`), the last first.
 */
import { type Exchange, Fields, type Handler } from "@mothership/kernel";
import { RequestContext } from "../message/context.ts";
import { applyEdits } from "../message/fields-draft.ts";
import type { Payload } from "../payload.ts";
import type { Changes, Failure } from "../verdict.ts";
import { answerFor, type PayloadAnswer, payloadAnswers, renderBlock } from "./answers.ts";
import { ExchangeFacts } from "./exchange-facts.ts";
import { ExchangeView, type Replaced } from "./exchange-view.ts";
import { bodyOfHeld, holdBody } from "./held-body.ts";
import { type PassageContext, reportFailure } from "./passage-context.ts";
import type { Plan } from "./plan.ts";
import { ResponseSteps } from "./response-steps.ts";

const noBytes = new Uint8Array(0);

/** One request on its way through the payloads of a plan, and its response on the way back. */
export class Passage {
  readonly #plan: Plan;
  readonly #exchange: Exchange;
  readonly #next: Handler;
  readonly #context: PassageContext;
  readonly #facts: ExchangeFacts;
  readonly #request: RequestContext;
  readonly #steps: ResponseSteps;
  #replaced: Replaced | undefined;

  constructor(plan: Plan, exchange: Exchange, next: Handler, context: PassageContext) {
    this.#plan = plan;
    this.#exchange = exchange;
    this.#next = next;
    this.#context = context;
    this.#facts = new ExchangeFacts(exchange, context.describe);
    this.#request = new RequestContext(this.#facts, exchange.incoming.body.length === 0 ? noBytes : undefined);
    this.#steps = new ResponseSteps(this.#request, exchange, context);
  }

  begin(): void | Promise<void> {
    return this.#ask(0);
  }

  #ask(from: number): void | Promise<void> {
    const { payloads, mostRequestBytes } = this.#plan;
    for (let index = from; index < payloads.length; index++) {
      const payload = payloads[index]!;
      if (!payload.request) {
        this.#steps.add(payload);
        continue;
      }
      if (payload.spec.body && mostRequestBytes !== undefined && this.#request.body === undefined && !this.#upgrades) {
        return this.#hold(mostRequestBytes, index);
      }
      const { verdict, later } = payload.request(this.#request);
      if (verdict.action === "fail") return this.#fail(payload, verdict.failure);
      if (verdict.action === "block") {
        const { head, body } = renderBlock(verdict.block);
        this.#steps.none();
        return this.#exchange.respond(head, body);
      }
      if (later) this.#steps.add(payload, later);
      const problem = this.#apply(verdict.changes);
      if (problem !== undefined) return this.#fail(payload, { kind: "fault", reason: problem });
    }
    return this.#forward();
  }

  get #upgrades(): boolean {
    return this.#exchange.incoming.upgrade !== undefined;
  }

  /** Goes on with the payload at `index` when the whole body is there. */
  #hold(mostBytes: number, index: number): Promise<void> {
    const { incoming } = this.#exchange;
    const tooLong = (incoming.body.length ?? 0) > mostBytes;
    if (incoming.expectsContinue && !tooLong) incoming.interim({ status: 100, fields: new Fields() });
    return new Promise((resolve, reject) => {
      holdBody(incoming.body, mostBytes, (holding) => {
        if (holding.kind === "tooLong") {
          this.#refuse(payloadAnswers.bodyTooLarge);
          resolve();
        } else if (holding.kind === "cut") {
          // Nobody is left to be answered.
          this.#steps.none();
          resolve();
        } else {
          this.#request.body = holding.bytes;
          this.#replace({ body: bodyOfHeld(holding.bytes, holding.trailers), expectsContinue: false });
          Promise.resolve()
            .then(() => this.#ask(index))
            .then(resolve, reject);
        }
      });
    });
  }

  /** Changes the request; a reason why that cannot be. */
  #apply(changes: Changes): string | undefined {
    const { path, query, method, body, edits } = changes;
    try {
      if (path !== undefined) this.#exchange.path = path;
      if (query !== undefined) this.#exchange.query = query;
    } catch (error) {
      return `the path that it set cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (method !== undefined) {
      if (this.#upgrades) return "it changed the method of a request for another protocol";
      this.#facts.method = method;
      this.#replace({ method });
    }
    if (body !== undefined) {
      this.#request.body = body;
      this.#replace({ body: bodyOfHeld(body) });
    }
    applyEdits(this.#exchange.fields, edits);
    if (path !== undefined || query !== undefined || method !== undefined || edits.length > 0) this.#request.changed();
    return undefined;
  }

  #replace(parts: Partial<Replaced>): void {
    const { method, body, expectsContinue } = this.#exchange.incoming;
    this.#replaced = { method, body, expectsContinue, ...this.#replaced, ...parts };
  }

  #forward(): void | Promise<void> {
    // Whoever asks for another protocol gets no response that could be looked at, unless it is refused.
    if (this.#upgrades) this.#steps.none();
    const take = this.#steps.arm();
    const exchange = this.#replaced || take ? new ExchangeView(this.#exchange, this.#replaced, take) : this.#exchange;
    return this.#next(exchange);
  }

  #fail(payload: Payload, failure: Failure): void {
    reportFailure(this.#context, payload, failure, this.#exchange.id);
    this.#refuse(answerFor(failure, "request"));
  }

  #refuse(answer: PayloadAnswer): void {
    this.#steps.none();
    const { head, body } = this.#context.render(this.#exchange, answer);
    this.#exchange.respond(head, body);
  }
}
