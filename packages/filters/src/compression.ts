import { type Body, bodyOf, type Clock, type Exchange, emptyBody, type Middleware, type ResponseHead } from "@mothership/kernel";
import { acceptedEncodings } from "./accept-encoding.ts";
import { type Coding, codings, compressWhole, liveCodings } from "./codings.ts";
import { CompressedBody } from "./compressed-body.ts";
import { addVary, dress, forbidsTransform, isLive, matchValidator, suitabilityOf } from "./compressible-response.ts";
import { FilterOptionError, wholeNumber } from "./errors.ts";
import { OpenedBody } from "./opened-body.ts";

export interface CompressionOptions {
  readonly clock: Clock;
  /** Shorter content goes out plain. Default 1,024. */
  readonly minBytes?: number | undefined;
  /** What is offered, best first: the order decides among what a client likes equally. Default: br, zstd, gzip, deflate. */
  readonly encodings?: readonly Coding[] | undefined;
  /**
   * Responses compressed at a time; at most half of these are streams of events. Beyond it responses go out plain. Each takes up to 2 MB (br,
   * zstd; 0.8 MB gzip, deflate), most of it outside of the JavaScript heap. Default 128.
   */
  readonly maxStreams?: number | undefined;
  /** Called for each response that went out plain because of `maxStreams`. */
  readonly onSaturated?: (() => void) | undefined;
}

/** Content up to this size that is there already is compressed in this turn: at most a fifth of a millisecond. */
const wholeBytes = 16_384;
/** Values of Accept-Encoding whose meaning is remembered; browsers send a handful. */
const rememberedValues = 256;

interface Answer {
  readonly head: ResponseHead;
  readonly body: Body;
}

/**
 * Middleware that compresses responses on their way out, for clients that take it: content whose type is worth it (by the public database of
 * types), long enough, not encoded yet, and not protected by `no-transform` or a digest of its bytes.
 *
 * @throws {FilterOptionError} for a coding that is not known or none at all, a `minBytes` below 0, or a `maxStreams` below 2.
 */
export function compression(options: CompressionOptions): Middleware {
  const compressor = new ResponseCompressor(options);
  return (next) => (exchange) => {
    exchange.onResponse((head, body) => compressor.shape(exchange, head, body));
    return next(exchange);
  };
}

class ResponseCompressor {
  readonly #clock: Clock;
  readonly #minBytes: number;
  readonly #plain: Negotiation;
  readonly #live: Negotiation;
  readonly #maxStreams: number;
  readonly #onSaturated: (() => void) | undefined;
  #streams = 0;
  #liveStreams = 0;

  constructor({ clock, minBytes = 1024, encodings = codings, maxStreams = 128, onSaturated }: CompressionOptions) {
    const unknown = encodings.find((coding) => !codings.includes(coding));
    if (encodings.length === 0 || unknown !== undefined)
      throw new FilterOptionError("encodings", `a list of ${codings.join(", ")}`, unknown ?? "empty");
    this.#clock = clock;
    this.#minBytes = wholeNumber("minBytes", minBytes, 0);
    this.#maxStreams = wholeNumber("maxStreams", maxStreams, 2);
    this.#plain = new Negotiation(encodings);
    this.#live = new Negotiation(liveCodings.filter((coding) => encodings.includes(coding)));
    this.#onSaturated = onSaturated;
  }

  shape(exchange: Exchange, head: ResponseHead, body: Body): Answer {
    const { fields } = head;
    const suitability = suitabilityOf(exchange.incoming.method, head, body.length, this.#minBytes);
    if (suitability === "no") return { head, body };
    addVary(fields);
    const live = isLive(fields);
    const accept = exchange.fields.all("accept-encoding").join(",");
    const coding = forbidsTransform(exchange.fields) ? undefined : (live ? this.#live : this.#plain).choose(accept);
    if (suitability === "told") matchValidator(fields, exchange.fields.all("if-none-match").join(","), coding !== undefined);
    if (suitability === "told" || coding === undefined) return { head, body };
    if (suitability === "content") return this.#compress(head, body, coding, live);
    dress(fields, coding);
    body.cancel(new Error("a response to HEAD has no content"));
    return { head, body: emptyBody };
  }

  #compress(head: ResponseHead, source: Body, coding: Coding, live: boolean): Answer {
    const body = (source.length ?? 0) <= wholeBytes ? OpenedBody.of(source, wholeBytes) : source;
    const whole = body instanceof OpenedBody ? body.whole : undefined;
    if (whole) {
      const compressed = whole.length < this.#minBytes ? whole : compressWhole(coding, whole);
      if (compressed.length >= whole.length) return { head, body: bodyOf(whole) };
      dress(head.fields, coding);
      return { head, body: bodyOf(compressed) };
    }
    if (this.#streams >= this.#maxStreams || (live && this.#liveStreams >= this.#maxStreams / 2)) {
      this.#onSaturated?.();
      return { head, body };
    }
    dress(head.fields, coding);
    return { head, body: new CompressedBody(body, { coding, live, clock: this.#clock, onClosed: this.#take(live) }) };
  }

  /** Counts a stream; the result ends that. */
  #take(live: boolean): () => void {
    this.#streams++;
    if (live) this.#liveStreams++;
    return () => {
      this.#streams--;
      if (live) this.#liveStreams--;
    };
  }
}

/** The coding for each value of Accept-Encoding. The most usual values are read once. */
class Negotiation {
  readonly #offered: readonly Coding[];
  readonly #known = new Map<string, Coding | undefined>();

  constructor(offered: readonly Coding[]) {
    this.#offered = offered;
  }

  choose(accept: string): Coding | undefined {
    if (this.#known.has(accept)) return this.#known.get(accept);
    const [coding] = acceptedEncodings(accept, this.#offered);
    // Clients that make up values must not fill the memory; starting over costs little.
    if (this.#known.size >= rememberedValues) this.#known.clear();
    if (accept.length <= 200) this.#known.set(accept, coding);
    return coding;
  }
}
