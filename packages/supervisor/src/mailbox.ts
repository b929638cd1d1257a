/** Runs what it is given one after another, in order; what comes in meanwhile waits. So nothing is changed while it is being looked at. */
export class Mailbox {
  #line: (() => void)[] = [];
  #running = false;

  post(run: () => void): void {
    this.#line.push(run);
    if (this.#running) return;
    this.#running = true;
    const errors: unknown[] = [];
    // A list that grows while it is walked: no shifting, however long the chain of consequences.
    for (const next of this.#line) {
      try {
        next();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#line = [];
    this.#running = false;
    // A defect; but the others had their turn.
    if (errors.length > 0) throw new AggregateError(errors, "something failed that was posted");
  }
}
