import type { Path } from "./positions.ts";

/** A table and where it stands. */
export interface Layer<T> {
  readonly table: T;
  readonly path: Path;
}

/** A table of the manifest above the base template that it inherits from. */
export class Layers<T extends object> {
  readonly own: Layer<T>;
  readonly #base: Layer<Partial<T>> | undefined;

  constructor(own: Layer<T>, base?: Layer<Partial<T>>) {
    this.own = own;
    this.#base = base;
  }

  /** The own value, else the template's, and where it stands. */
  get<K extends keyof T & string>(key: K): { readonly value: T[K] | undefined; readonly path: Path } {
    const layer = this.own.table[key] === undefined && this.#base?.table[key] !== undefined ? this.#base : this.own;
    return { value: layer.table[key], path: [...layer.path, key] };
  }

  /** The value in the template and the own one, those that are there, each with its place: for what is merged instead of replaced. */
  both<K extends keyof T & string>(key: K): readonly { readonly value: NonNullable<T[K]>; readonly path: Path }[] {
    const layers = this.#base ? [this.#base, this.own] : [this.own];
    return layers.flatMap(({ table, path }) => {
      const value = table[key];
      return value === undefined || value === null ? [] : [{ value, path: [...path, key] }];
    });
  }
}
