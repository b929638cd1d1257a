const longest = 64;

/**
 * Makes names that a manifest accepts and that differ from one another. What is already such a name stays as it is; anything else is
 * changed as little as possible.
 */
export class UnitNames {
  readonly #taken = new Set<string>();

  /** The name for something that was called `wanted`. */
  next(wanted: string): string {
    const base = validName(wanted, "unit");
    let name = base;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${base.slice(0, longest - 6)}-${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** The same name if it is valid, else one that is near; `otherwise` where nothing of it can stay. */
export function validName(wanted: string, otherwise: string): string {
  const name = wanted
    .normalize("NFKD")
    .replaceAll(/[^\w.\-+@:]+/g, "-")
    .replace(/^[^A-Za-z\d_]+/, "")
    .slice(0, longest);
  return name === "" ? otherwise : name;
}
