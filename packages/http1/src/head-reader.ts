import { CR, LF } from "./bytes.ts";
import type { Inbox } from "./inbox.ts";

/**
 * Decides whether a parse of a head that was incomplete is worth another try, so that a head in many pieces is parsed twice and not
 * once for each piece: only an empty line, a bare LF (which is an error) or the limit can change the outcome.
 */
export class HeadReader {
  readonly #maxHeadBytes: number;
  /** Bytes of the present head that were looked at; 0 when none was incomplete. */
  #seen = 0;

  constructor(maxHeadBytes: number) {
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** A head has begun and its end is missing. */
  get waiting(): boolean {
    return this.#seen > 0;
  }

  ready(inbox: Inbox): boolean {
    const { bytes, at, end } = inbox;
    if (this.#seen === 0 || inbox.length >= this.#maxHeadBytes) return true;
    for (let lf = bytes.indexOf(LF, at + this.#seen); lf >= 0 && lf < end; lf = bytes.indexOf(LF, lf + 1)) {
      if (lf === at || bytes[lf - 1] !== CR) return true;
      if (lf - 2 >= at && bytes[lf - 2] === LF) return true;
    }
    this.#seen = inbox.length;
    return false;
  }

  incomplete(inbox: Inbox): void {
    this.#seen = inbox.length;
  }

  done(): void {
    this.#seen = 0;
  }
}
