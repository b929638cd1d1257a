import type { Channel } from "./channel.ts";
import type { BoardingFrame } from "./frame.ts";

/** What one client went through on the links that it had, and what it needs to board the next one. */
export class History {
  /** As JSON, which is the shortest form to keep. */
  #boarding: Buffer | undefined;
  #epoch = 0;
  #sent = 0;
  #taken = 0;
  delivered = 0;

  /** How often it was boarded again. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Messages of the client that no bay has said to be done with. */
  get inDoubt(): number {
    return this.#sent - this.#taken;
  }

  /** False for a client that cannot board again. */
  get kept(): boolean {
    return this.#boarding !== undefined;
  }

  keep(frame: BoardingFrame): void {
    this.#boarding = Buffer.from(JSON.stringify(frame));
  }

  /** A link has ended. */
  add(channel: Pick<Channel<unknown>, "sent" | "acknowledged">): void {
    this.#sent += channel.sent;
    this.#taken += channel.acknowledged;
  }

  /** The Boarding for the next link; `told` says whether the bay understands that this is not the first one. Only for a client that is kept. */
  again(told: boolean): BoardingFrame {
    // Written by `keep`, from a frame.
    const frame = JSON.parse(this.#boarding?.toString() ?? "") as BoardingFrame;
    this.#epoch++;
    const reboarding = { epoch: this.#epoch, sent: this.#sent, taken: this.#taken, delivered: this.delivered };
    return told ? { ...frame, reboarding } : frame;
  }
}
