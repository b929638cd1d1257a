import type { FileHandle } from "node:fs/promises";
import { type Body, bodyOf, emptyBody, Fields, type ResponseHead } from "@mothership/kernel";
import { evaluate, rangeAllowed, type Validators } from "./conditional.ts";
import { FileBody, unreadBody } from "./file-body.ts";
import { formatHttpDate } from "./http-date.ts";
import type { ContentType } from "./mime.ts";
import { type ByteRange, parseRange } from "./range.ts";
import { maxSmallBytes } from "./small-files.ts";

/** An open file, in the coding in which it is sent. */
export interface Representation {
  /** Its taker closes it. undefined: the file is in `bytes`. */
  readonly handle: FileHandle | undefined;
  /** All of it, and others read them too. */
  readonly bytes?: Uint8Array | undefined;
  readonly size: number;
  readonly mtimeMs: number;
  readonly type: ContentType;
  /** Value of Content-Encoding; undefined for the file as it is. */
  readonly coding: string | undefined;
}

export interface Response {
  readonly head: ResponseHead;
  readonly body: Body;
}

/** What of a request decides about the answer. */
export interface FileRequest {
  readonly method: string;
  readonly fields: Fields;
}

/**
 * The answer to GET or HEAD for a file: 200, 206, 304, 412 or 416. Takes ownership of a handle, which is closed or in the body when this
 * resolves; closed as well when it rejects. `now` in milliseconds since the epoch.
 */
export async function fileResponse(file: Representation, request: FileRequest, now: number): Promise<Response> {
  let { handle } = file;
  try {
    const plan = planResponse(file, request, Math.floor(now / 1000));
    const { head, part } = plan;
    if (!part) return { head, body: emptyBody };
    const length = part.end - part.start;
    if (request.method === "HEAD") return { head, body: unreadBody(length) };
    // Copied, because a reader owns what it gets.
    if (!handle) return { head, body: bodyOf(Buffer.from(file.bytes!.subarray(part.start, part.end))) };
    // Read before the answer begins, so that the handle is closed by then.
    if (length <= maxSmallBytes) return { head, body: bodyOf(await readPart(handle, part)) };
    const body = new FileBody(handle, part);
    handle = undefined;
    return { head, body };
  } finally {
    await handle?.close();
  }
}

/** Status, fields and the part of the file that goes out, if any. */
function planResponse(
  file: Representation,
  { method, fields: sent }: FileRequest,
  now: number,
): { readonly head: ResponseHead; readonly part?: ByteRange } {
  const validators = validatorsOf(file, now);
  const fields = new Fields();
  const of = (key: string): string | undefined => (sent.has(key) ? sent.all(key).join(", ") : undefined);
  const verdict = evaluate(
    {
      ifMatch: of("if-match"),
      ifNoneMatch: of("if-none-match"),
      ifModifiedSince: sent.get("if-modified-since"),
      ifUnmodifiedSince: sent.get("if-unmodified-since"),
    },
    validators,
  );
  if (verdict === "failed") return { head: { status: 412, fields } };
  fields.append("ETag", validators.etag);
  fields.append("Last-Modified", formatHttpDate(validators.modified));
  // On every answer about a file that may have neighbours, 206 and 304 too: a cache chooses by what it stored last.
  if (file.type.compressible) fields.append("Vary", "Accept-Encoding");
  if (verdict === "not-modified") return { head: { status: 304, fields } };

  const range = method === "GET" && rangeAllowed(sent.get("if-range"), validators, now) ? of("range") : undefined;
  const part = range === undefined ? undefined : parseRange(range, file.size);
  fields.append("Accept-Ranges", "bytes");
  if (part === "unsatisfiable") {
    fields.append("Content-Range", `bytes */${file.size}`);
    return { head: { status: 416, fields } };
  }
  fields.append("Content-Type", file.type.value);
  fields.append("X-Content-Type-Options", "nosniff");
  if (file.coding !== undefined) fields.append("Content-Encoding", file.coding);
  if (!part) return { head: { status: 200, fields }, part: { start: 0, end: file.size } };
  fields.append("Content-Range", `bytes ${part.start}-${part.end - 1}/${file.size}`);
  return { head: { status: 206, fields }, part };
}

function validatorsOf({ size, mtimeMs, coding }: Representation, now: number): Validators {
  const stamp = Math.round(mtimeMs * 1000).toString(36);
  return {
    // Each coding is other bytes, and so has another strong validator (RFC 9110, 8.8.3.3).
    etag: `"${size.toString(36)}-${stamp}${coding === undefined ? "" : `-${coding}`}"`,
    // A date in the future would be taken for an error by caches (RFC 9110, 8.8.2.1).
    modified: Math.min(Math.floor(mtimeMs / 1000), now),
  };
}

async function readPart(handle: FileHandle, { start, end }: ByteRange): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) throw new Error("the file became shorter while it was read");
    at += bytesRead;
  }
  return bytes;
}
