import type { Outcome } from "@mothership/kernel";
import { type Labels, labelOf, type Sample } from "./labels.ts";
import { durationBucketsMs, noRoute, otherLabel } from "./registry.ts";

/** Where in a route's row a figure stands. One array of numbers a route: counting a request is a few additions and allocates nothing. */
const at = { requests: 0, classes: 1, clientLeft: 7, aborted: 8, requestBytes: 9, responseBytes: 10, sumMs: 11, buckets: 12 } as const;
const bounds = Float64Array.from(durationBucketsMs);
const rowLength = at.buckets + bounds.length + 1;

const classCells = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"].map((label, index) => ({ cell: at.classes + index, own: { class: label } }));
const endCells = [
  { cell: at.clientLeft, own: { end: "client_left" } },
  { cell: at.aborted, own: { end: "aborted" } },
];
const bucketLabels = [...durationBucketsMs.map((ms) => goFloat(ms / 1000)), "+Inf"].map((le) => ({ le }));

interface Row {
  readonly shared: Labels;
  readonly cells: Float64Array;
}

/** How many requests of a bind are under way. The holder counts up and down. */
export interface InFlight {
  count: number;
}

/** What can be read out, by the family that it belongs to. */
export type RequestFamily = "requests" | "requestDuration" | "responses" | "unfinished" | "requestBytes" | "responseBytes";

/**
 * Figures of requests by route. Labels come from configuration, so there are few; should there be more than `maxRoutes`, the rest is
 * counted as "other", and `onDropped` hears of each.
 */
export class RequestFigures {
  readonly #maxRoutes: number;
  readonly #onDropped: () => void;
  readonly #none = emptyRow(noRoute);
  readonly #other = emptyRow(otherLabel);
  readonly #rows = new Map<string, Row>();
  /** The same rows by label: names that are too long may be cut to one label, which must not stand there twice. */
  #byLabel = new Map<string, Row>();
  readonly #binds = new Map<string, InFlight>();
  readonly #otherBind: InFlight = { count: 0 };

  constructor(maxRoutes: number, onDropped: () => void) {
    this.#maxRoutes = maxRoutes;
    this.#onDropped = onDropped;
    this.declare([]);
  }

  /** Shows these routes from now on, counted or not, and forgets the others. */
  declare(routes: Iterable<string>): void {
    const wanted = new Set(routes);
    for (const route of this.#rows.keys()) if (!wanted.has(route)) this.#rows.delete(route);
    this.#byLabel = new Map([...this.#rows.values(), this.#none, this.#other].map((row) => [row.shared["route"]!, row]));
    for (const route of wanted) this.#row(route);
  }

  /** The counter of a bind. */
  inFlight(bind: string): InFlight {
    const known = this.#binds.get(bind);
    if (known) return known;
    if (this.#binds.size >= this.#maxRoutes) return this.#otherBind;
    const made = { count: 0 };
    this.#binds.set(bind, made);
    return made;
  }

  /** Counts a request that has ended. */
  finished(route: string, { status, end, requestBytes, responseBytes }: Outcome, durationMs: number): void {
    const { cells } = this.#row(route);
    cells[at.requests]! += 1;
    cells[at.classes + (status < 100 ? 0 : status < 600 ? (status / 100) | 0 : 5)]! += 1;
    if (end === "clientLeft") cells[at.clientLeft]! += 1;
    else if (end === "aborted") cells[at.aborted]! += 1;
    cells[at.requestBytes]! += requestBytes;
    cells[at.responseBytes]! += responseBytes;
    cells[at.sumMs]! += durationMs;
    let bucket = 0;
    while (bucket < bounds.length && durationMs > bounds[bucket]!) bucket++;
    cells[at.buckets + bucket]! += 1;
  }

  /** What was counted since the last time, by label; from here on it is counted from nothing. */
  take(): (readonly [route: string, figures: Float64Array])[] {
    const taken: (readonly [string, Float64Array])[] = [];
    for (const [label, { cells }] of this.#byLabel) {
      if (cells[at.requests] === 0) continue;
      taken.push([label, cells.slice()]);
      cells.fill(0);
    }
    return taken;
  }

  /** Adds what others have taken. */
  add(routes: readonly (readonly [route: string, figures: Float64Array])[]): void {
    for (const [label, figures] of routes) {
      const { cells } = label === noRoute ? this.#none : label === otherLabel ? this.#other : this.#row(label);
      for (const [index, figure] of figures.entries()) cells[index]! += figure;
    }
  }

  /** Requests that have not ended, by bind. */
  underWay(): (readonly [bind: string, count: number])[] {
    return Array.from(this.#binds, ([bind, { count }]) => [bind, count] as const);
  }

  *inFlightSamples(): IterableIterator<Sample> {
    for (const [bind, { count }] of this.#binds) yield { shared: { bind: labelOf(bind) }, value: count };
    if (this.#otherBind.count > 0) yield { shared: { bind: otherLabel }, value: this.#otherBind.count };
  }

  /** A route has its number of requests from when it was declared; the rest appears with its first request. */
  *samples(family: RequestFamily): IterableIterator<Sample> {
    for (const row of this.#byLabel.values()) {
      const counted = row.cells[at.requests]! > 0;
      if (family === "requests") {
        if (counted || (row !== this.#none && row !== this.#other)) yield { shared: row.shared, value: row.cells[at.requests]! };
      } else if (counted) yield* readers[family](row);
    }
  }

  #row(route: string): Row {
    if (route === "") return this.#none;
    const known = this.#rows.get(route);
    if (known) return known;
    if (this.#rows.size >= this.#maxRoutes) {
      this.#onDropped();
      return this.#other;
    }
    const label = labelOf(route);
    const row = this.#byLabel.get(label) ?? emptyRow(label);
    this.#byLabel.set(label, row);
    this.#rows.set(route, row);
    return row;
  }
}

const readers: Readonly<Record<Exclude<RequestFamily, "requests">, (row: Row) => Iterable<Sample>>> = {
  requestDuration: histogram,
  responses: (row) => nonZero(row, classCells),
  unfinished: (row) => nonZero(row, endCells),
  requestBytes: ({ shared, cells }) => [{ shared, value: cells[at.requestBytes]! }],
  responseBytes: ({ shared, cells }) => [{ shared, value: cells[at.responseBytes]! }],
};

function emptyRow(label: string): Row {
  return { shared: { route: label }, cells: new Float64Array(rowLength) };
}

function* nonZero({ shared, cells }: Row, parts: readonly { readonly cell: number; readonly own: Labels }[]): IterableIterator<Sample> {
  for (const { cell, own } of parts) if (cells[cell] !== 0) yield { shared, own, value: cells[cell]! };
}

/** Read at one moment, so that the parts agree. */
function histogram({ shared, cells }: Row): readonly Sample[] {
  let sum = 0;
  const buckets = bucketLabels.map((own, index): Sample => {
    sum += cells[at.buckets + index]!;
    return { shared, own, suffix: "_bucket", value: sum };
  });
  return [...buckets, { shared, suffix: "_sum", value: cells[at.sumMs]! / 1000 }, { shared, suffix: "_count", value: cells[at.requests]! }];
}

/** As Go writes them, which Prometheus takes for the one form of a number. */
function goFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
