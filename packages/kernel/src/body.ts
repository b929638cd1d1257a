import type { Fields } from "./fields.ts";

/** Takes the pieces of one body. Exactly one of `end` and `fail` is called, once, and nothing after it. */
export interface BodyReader {
  /** One piece, never empty; the reader owns the bytes. False asks the body to wait for `resume()`. */
  data(piece: Uint8Array): boolean;
  /** The body is complete; `trailers` if the sender added any. */
  end(trailers?: Fields): void;
  /** The body was cut off and will never be complete. */
  fail(error: Error): void;
}

/**
 * The bytes of one message, pushed to one reader under its control.
 *
 * Nothing flows before `read`. Whoever is handed a body and does not read it cancels it.
 */
export interface Body {
  /** Number of bytes when that is known beforehand, else undefined. 0 means that there is no content. */
  readonly length: number | undefined;
  /** Starts the flow; may be called once. Pieces that are there already may arrive before it returns. */
  read(reader: BodyReader): void;
  /** Goes on after `data` returned false. Without that it does nothing. */
  resume(): void;
  /** No more is wanted: what is left is thrown away and the reader hears nothing further. Harmless after the end. */
  cancel(reason: Error): void;
}

/** A body made of bytes that are at hand; text goes out as UTF-8. */
export function bodyOf(content: Uint8Array | string): Body {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  let wanted = (): boolean => true;
  return {
    length: bytes.length,
    read(reader) {
      if (wanted() && bytes.length > 0) reader.data(bytes);
      if (wanted()) reader.end();
    },
    resume: () => undefined,
    cancel: () => {
      wanted = () => false;
    },
  };
}

/** No content. Shared by everyone, so it holds no state: one reader's `cancel` must not silence the next one. */
export const emptyBody: Body = { length: 0, read: (reader) => reader.end(), resume: () => undefined, cancel: () => undefined };
