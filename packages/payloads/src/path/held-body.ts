import type { Body, Fields } from "@mothership/kernel";

/** How the attempt to hold a body ended. */
export type Holding =
  | { readonly kind: "whole"; readonly bytes: Uint8Array; readonly trailers: Fields | undefined }
  | { readonly kind: "tooLong" }
  | { readonly kind: "cut"; readonly error: Error };

/**
 * Reads a body to its end, as long as it stays within `mostBytes`; one that is longer is cancelled as soon as that is known.
 * Calls `done` once, perhaps before it returns.
 */
export function holdBody(body: Body, mostBytes: number, done: (holding: Holding) => void): void {
  const tooLong = (): void => {
    body.cancel(new Error(`a body of more than ${mostBytes} bytes is not held`));
    done({ kind: "tooLong" });
  };
  if ((body.length ?? 0) > mostBytes) {
    tooLong();
    return;
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  body.read({
    data: (piece) => {
      bytes += piece.length;
      if (bytes > mostBytes) {
        tooLong();
        return false;
      }
      pieces.push(piece);
      return true;
    },
    end: (trailers) => done({ kind: "whole", bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), trailers }),
    fail: (error) => done({ kind: "cut", error }),
  });
}

/** A held body, to be sent on with the trailers that came with it. */
export function bodyOfHeld(bytes: Uint8Array, trailers?: Fields): Body {
  let wanted = (): boolean => true;
  return {
    length: bytes.length,
    read(reader) {
      if (wanted() && bytes.length > 0) reader.data(bytes);
      if (wanted()) reader.end(trailers);
    },
    resume: () => undefined,
    cancel: () => {
      wanted = () => false;
    },
  };
}
