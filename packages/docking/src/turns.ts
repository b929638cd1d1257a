interface Place<T> {
  readonly one: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
}

/**
 * A queue in which everyone stands at most once and can leave from anywhere.
 *
 * A Set would do but for its front: V8 leaves a hole for everything that is deleted, and looking for the first passes over all of them,
 * so that taking turns would cost more the more there are.
 */
export class Turns<T> {
  readonly #places = new Map<T, Place<T>>();
  #front: Place<T> | undefined;
  #back: Place<T> | undefined;

  get size(): number {
    return this.#places.size;
  }

  get first(): T | undefined {
    return this.#front?.one;
  }

  has(one: T): boolean {
    return this.#places.has(one);
  }

  /** Puts `one` at the end, unless it stands in the queue already. */
  add(one: T): void {
    if (this.#places.has(one)) return;
    const place: Place<T> = { one, before: this.#back, behind: undefined };
    if (this.#back) this.#back.behind = place;
    else this.#front = place;
    this.#back = place;
    this.#places.set(one, place);
  }

  delete(one: T): void {
    const place = this.#places.get(one);
    if (!place) return;
    this.#places.delete(one);
    if (place.before) place.before.behind = place.behind;
    else this.#front = place.behind;
    if (place.behind) place.behind.before = place.before;
    else this.#back = place.before;
  }
}
