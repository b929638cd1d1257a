import { type Framing, requestFraming, responseFraming, untilClose } from "../../src/framing.ts";
import { InboundBody } from "../../src/inbound-body.ts";
import { Inbox } from "../../src/inbox.ts";
import type { Refusal } from "../../src/index.ts";
import { HeadParser } from "../../src/parse-head.ts";

const limits = { maxHeadBytes: 65_536, maxFields: 100, maxChunkExtensionBytes: 16_384, maxTrailerBytes: 16_384 };

export interface Reading {
  readonly refusal: Refusal | undefined;
  /** Start lines and contents of the complete messages. */
  readonly messages: readonly string[];
}

/** Reads all messages of a stream by the pure parts alone: syntax and framing, no Host, no target, no admission. */
export function readMessages(kind: "request" | "response", bytes: Buffer): Reading {
  const inbox = new Inbox();
  inbox.push(bytes);
  const parser = new HeadParser(limits);
  const messages: string[] = [];
  while (inbox.length > 0) {
    const head = kind === "request" ? parser.request(inbox.bytes, inbox.at, inbox.end) : parser.response(inbox.bytes, inbox.at, inbox.end);
    if (!head) return { refusal: parser.refusal, messages };
    inbox.take(parser.end);
    const framing: Framing | Refusal = "method" in head ? requestFraming(head) : responseFraming("GET", head);
    if (typeof framing === "object") return { refusal: framing, messages };
    let content = "";
    const start = "method" in head ? `${head.method} ${head.target}` : String(head.status);
    if (framing !== 0) {
      const body = new InboundBody(framing, limits, Number.POSITIVE_INFINITY, {
        bodyWanted: () => undefined,
        bodyCancelled: () => undefined,
      });
      body.read({
        data: (piece) => {
          content += Buffer.from(piece).toString("latin1");
          return true;
        },
        end: () => undefined,
        fail: () => undefined,
      });
      body.feed(inbox);
      if (body.refusal) return { refusal: body.refusal, messages };
      if (framing === untilClose) return { refusal: undefined, messages };
      if (!body.complete) return { refusal: undefined, messages };
    }
    messages.push(`${start} ${content}`.trim());
  }
  return { refusal: undefined, messages };
}
