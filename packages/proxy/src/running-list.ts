/** A member of a `RunningList`. */
export interface Placed {
  /** Where it stands in its list, which writes it; anything before it is in one. */
  place: number;
}

/**
 * What runs at present, in no order: members come and go with every request.
 *
 * Not a Set. A Set that is added to and deleted from moves to a new table again and again, and each table it left points to the next one and holds
 * the members of its time. Once the collector has taken one of them for old, all that follow, with the requests in them, survive every young
 * collection: more than a quarter of all that requests allocated.
 */
export class RunningList<T extends Placed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Without effect for one that is in it. */
  add(member: T): void {
    if (this.#members[member.place] === member) return;
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Without effect for one that is not in it. */
  delete(member: T): void {
    const members = this.#members;
    if (members[member.place] !== member) return;
    const last = members.pop()!;
    if (last === member) return;
    members[member.place] = last;
    last.place = member.place;
  }

  /** The members of this moment; they may leave while they are gone through. */
  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#members].values();
  }
}
