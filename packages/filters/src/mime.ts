/** What a file name says about its content. */
export interface ContentType {
  /** Value of Content-Type. */
  readonly value: string;
  /** Text of some kind: worth compressing, and so worth looking for a compressed neighbour. */
  readonly compressible: boolean;
}

const unknownType: ContentType = { value: "application/octet-stream", compressible: false };

let loading: Promise<ReadonlyMap<string, ContentType>> | undefined;

/** Types by extension, from the public database, which is read once, when the first file is served. */
export function contentTypes(): Promise<(file: string) => ContentType> {
  loading ??= load();
  return loading.then((types) => (file) => types.get(extensionOf(file)) ?? unknownType);
}

/** The extension of a file name, lower case, without its dot; "" for none. */
export function extensionOf(file: string): string {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

async function load(): Promise<ReadonlyMap<string, ContentType>> {
  const { default: database } = await import("mime-db");
  const types = new Map<string, ContentType>();
  const ranks = new Map<string, number>();
  for (const [type, { extensions = [], source, compressible = false }] of Object.entries(database)) {
    const text = type.startsWith("text/");
    const entry = { value: text ? `${type}; charset=utf-8` : type, compressible: compressible || text };
    for (const extension of extensions) {
      const rank = preference(type, source);
      if (rank <= (ranks.get(extension) ?? -1)) continue;
      ranks.set(extension, rank);
      types.set(extension, entry);
    }
  }
  return types;
}

/** Of several types with one extension: the registered one, then one without "x-", then the one that says what kind of media it is. */
function preference(type: string, source: string | undefined): number {
  return (source === "iana" ? 4 : 0) + (type.includes("/x-") ? 0 : 2) + (/^(?:text|image|audio|video|font)\//.test(type) ? 1 : 0);
}
