import zlib from "node:zlib";
import { type Body, bodyOf, Fields } from "@mothership/kernel";
import { FakeClock, MemoryExchange, type MemoryRequest as Request, readBody } from "@mothership/testkit";
import type { Coding } from "../src/codings.ts";
import { type CompressionOptions, compression } from "../src/compression.ts";

export const codings: readonly Coding[] = ["br", "zstd", "gzip", "deflate"];
const { BROTLI_OPERATION_FLUSH, Z_SYNC_FLUSH, ZSTD_e_flush } = zlib.constants;

/** What a client makes of bytes in a coding; of the beginning of a stream, what it can tell so far. */
export function decode(coding: string | undefined, bytes: Uint8Array, partial = false): Buffer {
  switch (coding) {
    case "br":
      return zlib.brotliDecompressSync(bytes, partial ? { finishFlush: BROTLI_OPERATION_FLUSH } : {});
    case "zstd":
      return zlib.zstdDecompressSync(bytes, partial ? { finishFlush: ZSTD_e_flush } : {});
    case "gzip":
      return zlib.gunzipSync(bytes, partial ? { finishFlush: Z_SYNC_FLUSH } : {});
    case "deflate":
      return zlib.inflateSync(bytes, partial ? { finishFlush: Z_SYNC_FLUSH } : {});
    default:
      return Buffer.from(bytes);
  }
}

export const page = Buffer.from("<p>All work and no play makes a dull page.</p>\n".repeat(100));
export const book = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line} of ${(line * 7919) % 1000}\n`).join(""));

export interface Sent {
  readonly status?: number;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Body;
  readonly clock?: FakeClock;
}

export const plainText = [["Content-Type", "text/plain"]] as const;

/** Sends one response through the middleware, to a client that accepts `accept`. */
export function respond(
  accept: string,
  sent: Sent = {},
  options: Omit<CompressionOptions, "clock"> = {},
  request: Request = {},
): MemoryExchange {
  const { status = 200, fields = plainText, body = bodyOf(page), clock = new FakeClock() } = sent;
  const handle = compression({ ...options, clock })((exchange) => exchange.respond({ status, fields: Fields.from(fields) }, body));
  const exchange = new MemoryExchange({
    ...request,
    fields: [...(accept === "" ? [] : [["Accept-Encoding", accept] as const]), ...(request.fields ?? [])],
  });
  void handle(exchange);
  return exchange;
}

export async function contentOf(exchange: MemoryExchange): Promise<Buffer> {
  return decode(exchange.field("content-encoding"), (await readBody(exchange.answer!.body)).bytes);
}
