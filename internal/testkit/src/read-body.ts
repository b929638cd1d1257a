import type { Body, Fields } from "@mothership/kernel";

/** A whole body, with its trailers; rejects when it is cut off. */
export function readBody(body: Body): Promise<{ readonly bytes: Buffer; readonly trailers: Fields | undefined }> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = [];
    body.read({
      data: (piece) => pieces.push(piece) > 0,
      end: (trailers) => resolve({ bytes: Buffer.concat(pieces), trailers }),
      fail: reject,
    });
  });
}
