/**
 * Which of several certificates belongs to a name. Pure.
 *
 * An exact name wins over a wildcard, whatever their order; among equals the first in the list. `*.example.com` stands for one label
 * (RFC 9525, 6.3): not for `example.com`, and not for `a.b.example.com`.
 */
export class ServerNames {
  readonly #exact = new Map<string, number>();
  /** By what stands behind the star, the dot included. */
  readonly #wildcards = new Map<string, number>();

  /** `lists[i]` are the names of the certificate at index `i`, as `normalName` gives them. */
  constructor(lists: readonly (readonly string[])[]) {
    for (const [index, names] of lists.entries()) {
      for (const name of names) {
        const table = name.startsWith("*.") ? this.#wildcards : this.#exact;
        const key = name.startsWith("*.") ? name.slice(1) : name;
        if (!table.has(key)) table.set(key, index);
      }
    }
  }

  /** Index of the certificate for `host`, in any case and with or without a closing dot; undefined when none has that name. */
  find(host: string): number | undefined {
    const name = host.toLowerCase().replace(/\.$/, "");
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const dot = name.indexOf(".");
    return dot > 0 ? this.#wildcards.get(name.slice(dot)) : undefined;
  }
}

const label = "[a-z\\d_](?:[a-z\\d_-]*[a-z\\d_])?";
const hostName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`);

/** A host name, perhaps with a wildcard as its first label, in lower case and without a closing dot; undefined for anything else. */
export function normalName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  return name.length <= 253 && hostName.test(name) ? name : undefined;
}

/**
 * The DNS names in the text form that Node gives to a subjectAltName: `DNS:a.example, IP Address:10.0.0.1`. Values that could be mistaken
 * for the punctuation around them stand in quotes there; those are no host names and are left out.
 */
export function alternativeNames(text: string): string[] {
  const names: string[] = [];
  for (const [entry] of text.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g)) {
    const name = /^\s*DNS:(.*)$/.exec(entry)?.[1];
    const normal = name === undefined ? undefined : normalName(name);
    if (normal !== undefined) names.push(normal);
  }
  return names;
}
