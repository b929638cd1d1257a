/** One message on its way to the other side. */
export interface Held {
  readonly data: Uint8Array;
  readonly binary: boolean;
}

/** How many bytes wait in all the outboxes that share it. */
export class Budget {
  readonly #valve: (open: boolean) => void;
  #open = true;
  #used = 0;
  limit: number;

  /** `valve` is told to close when half of the limit is used, and to open again when a quarter is: for the sources of what waits. */
  constructor(limit: number, valve: (open: boolean) => void = () => undefined) {
    this.limit = limit;
    this.#valve = valve;
  }

  get used(): number {
    return this.#used;
  }

  /** Half of it is used, and less than three quarters have become free since. */
  get tight(): boolean {
    return !this.#open;
  }

  get exceeded(): boolean {
    return this.#used > this.limit;
  }

  add(bytes: number): void {
    this.#used += bytes;
    const open = this.#open ? this.#used <= this.limit / 2 : this.#used <= this.limit / 4;
    if (open === this.#open) return;
    this.#open = open;
    this.#valve(open);
  }
}

/** What one waiting message costs beside its bytes: the objects that hold it. Without it, empty messages would cost nothing. */
export const heldCost = 128;

/**
 * The messages of one client that could not be sent yet, oldest first.
 *
 * It outlives the link: a message of which only the first pieces were sent is sent again whole on the next link, because nobody can have
 * acted on a part of it.
 */
export class Outbox {
  readonly #budget: Budget;
  #messages: Held[] = [];
  #head = 0;
  #bytes = 0;
  /** How much of the first message was sent as pieces. */
  sent = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#head === this.#messages.length;
  }

  /** Bytes that wait here, with what holding them costs. */
  get bytes(): number {
    return this.#bytes;
  }

  get first(): Held | undefined {
    return this.#messages[this.#head];
  }

  get count(): number {
    return this.#messages.length - this.#head;
  }

  push(message: Held): void {
    this.#messages.push(message);
    this.#count(message.data.length + heldCost);
  }

  /** The first message was sent whole. */
  shift(): void {
    const first = this.#messages[this.#head];
    if (!first) return;
    this.#count(-(first.data.length + heldCost));
    this.sent = 0;
    this.#head++;
    // Moving the rest down each time would be quadratic; half the array at a time is not.
    if (this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#messages = [];
    this.#head = 0;
    this.sent = 0;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.add(bytes);
  }
}
