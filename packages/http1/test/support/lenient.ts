/** How a careless upstream may read what it gets. Each choice is one that real software has made. */
interface Habits {
  readonly lineEnd: RegExp;
  /** Which wins when both framing fields stand. */
  readonly prefers: "length" | "chunks";
  readonly lengthLine: "first" | "last";
  /** Takes for "chunked" whatever holds the word. */
  readonly looseCoding: boolean;
  /** Takes underscores and dots in names for hyphens, and drops white space and controls around them. */
  readonly looseNames: boolean;
  /** Honours Connection: takes named framing fields away. */
  readonly dropsNamed: boolean;
}

const habits: Habits[] = [];
for (const lineEnd of [/\r\n/, /\r?\n/, /\r\n|\r(?!\n)|\n/])
  for (const prefers of ["length", "chunks"] as const)
    for (const lengthLine of ["first", "last"] as const)
      for (const loose of [false, true])
        habits.push({ lineEnd, prefers, lengthLine, looseCoding: loose, looseNames: loose, dropsNamed: loose });

/** Start lines and contents of the requests that such an upstream sees in the bytes of one connection. */
function read(text: string, habit: Habits): string[] {
  const seen: string[] = [];
  let rest = text;
  while (rest !== "") {
    const blank = new RegExp(`(?:${habit.lineEnd.source}){2}`).exec(rest);
    if (!blank) return [...seen, `incomplete head ${rest.slice(0, 40)}`];
    const [start = "", ...lines] = rest.slice(0, blank.index).split(habit.lineEnd);
    rest = rest.slice(blank.index + blank[0].length);
    let fields = lines.map((line) => {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).toLowerCase();
      return {
        name: habit.looseNames ? name.replaceAll(/[\0-\x20]/g, "").replaceAll(/[_.]/g, "-") : name,
        value: line.slice(colon + 1).trim(),
      };
    });
    if (habit.dropsNamed) {
      const named = fields.filter(({ name }) => name === "connection").flatMap(({ value }) => value.toLowerCase().split(/\s*,\s*/));
      fields = fields.filter(({ name }) => !named.includes(name));
    }
    const lengths = fields.filter(({ name }) => name === "content-length").map(({ value }) => value);
    const codings = fields.filter(({ name }) => name === "transfer-encoding").map(({ value }) => value.toLowerCase());
    const inChunks = codings.some((coding) => (habit.looseCoding ? coding.includes("chunked") : coding === "chunked"));
    const length = Number.parseInt((habit.lengthLine === "first" ? lengths[0] : lengths.at(-1)) ?? "", 10);
    let content = "";
    if (inChunks && !(habit.prefers === "length" && length >= 0)) {
      for (;;) {
        const line = new RegExp(`^\\s*([\\da-f]*)[^\\r\\n]*(?:${habit.lineEnd.source})`, "i").exec(rest);
        if (!line) return [...seen, `${start} incomplete chunk`];
        const size = Number.parseInt(line[1] === "" ? "0" : line[1]!, 16);
        rest = rest.slice(line[0].length);
        content += rest.slice(0, size);
        rest = rest.slice(size);
        if (size === 0) break;
      }
      const end = new RegExp(`^(?:[^\\r\\n]+(?:${habit.lineEnd.source}))*(?:${habit.lineEnd.source})`).exec(rest);
      rest = rest.slice(end?.[0].length ?? 0);
    } else if (length >= 0) {
      content = rest.slice(0, length);
      rest = rest.slice(length);
    }
    seen.push(`${start}|${content}`);
  }
  return seen;
}

/** What all careless readers see; one entry when they agree. */
export function lenientReadings(text: string): string[][] {
  const distinct = new Map<string, string[]>();
  for (const habit of habits) {
    const seen = read(text, habit);
    distinct.set(JSON.stringify(seen), seen);
  }
  return [...distinct.values()];
}

const line = "\r\n";
const fieldLine = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+: [\t\x20-\x7e\x80-\xff]*$/;

/**
 * The length of the canonical request at the beginning of the text, "incomplete" when it is the beginning of one, and a sentence on what
 * is not canonical about it otherwise.
 */
export function canonical(text: string): number | string {
  const head = text.indexOf(line + line);
  if (head < 0) return "incomplete";
  const [start = "", host = "", ...fields] = text.slice(0, head).split(line);
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+ (?:\/[\x21\x22\x24-\x5b\x5d-\x7e]*|\*) HTTP\/1\.1$/.test(start)) return `request line ${start}`;
  if (!/^Host: (?:[\dA-Za-z_.-]+(?::\d+)?|\[[\da-fA-F:.]+\](?::\d+)?)?$/.test(host)) return `host ${host}`;
  const bad = fields.find((field) => !fieldLine.test(field));
  if (bad !== undefined) return `field ${bad}`;
  const named = (name: string): string[] =>
    fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 2));
  for (const name of ["host", "keep-alive", "proxy-connection"]) if (named(name).length > 0) return `a field ${name}`;
  const [lengths, codings] = [named("content-length"), named("transfer-encoding")];
  if (lengths.length + codings.length > 1) return "more than one framing field";
  let at = head + 4;
  if (lengths.length === 1) {
    if (!/^(?:0|[1-9]\d*)$/.test(lengths[0]!)) return `length ${lengths[0]}`;
    at += Number(lengths[0]);
    return at <= text.length ? at : "incomplete";
  }
  if (codings.length === 0) return at;
  if (codings[0] !== "chunked") return `coding ${codings[0]}`;
  for (;;) {
    const size = /^(0|[1-9a-f][\da-f]*)\r\n/.exec(text.slice(at, at + 20));
    if (!size) return text.length - at < 20 ? "incomplete" : `chunk ${text.slice(at, at + 20)}`;
    at += size[0].length + Number.parseInt(size[1]!, 16);
    if (size[1] === "0") break;
    if (at + 2 > text.length) return "incomplete";
    if (text.slice(at, at + 2) !== line) return "the end of a chunk";
    at += 2;
  }
  for (;;) {
    const end = text.indexOf(line, at);
    if (end < 0) return "incomplete";
    const trailer = text.slice(at, end);
    at = end + 2;
    if (trailer === "") return at;
    if (!fieldLine.test(trailer)) return `trailer ${trailer}`;
  }
}
