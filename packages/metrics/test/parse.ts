/** One line of a page. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

const suffixes: Readonly<Record<string, readonly string[]>> = { histogram: ["_bucket", "_sum", "_count"], counter: [""], gauge: [""] };

/** Reads a page back, strictly: anything that a scraper could trip over is an error. */
export function parsePage(text: string, format: "prometheus" | "openmetrics" = "prometheus"): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line is not ended");
  const lines = text.slice(0, -1).split("\n");
  if (format === "openmetrics" && lines.pop() !== "# EOF") throw new Error("a page of OpenMetrics ends with # EOF");
  const families = new Map<string, { name: string; type: string; help: string; samples: ParsedSample[] }>();
  const seen = new Set<string>();
  let current: { name: string; type: string; help: string; samples: ParsedSample[] } | undefined;
  for (const line of lines) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line);
    if (help) {
      if (families.has(help[1]!)) throw new Error(`${help[1]} stands there twice`);
      const begun = { name: help[1]!, type: "", help: help[2]!, samples: [] };
      families.set(begun.name, begun);
      current = begun;
    } else if (type) {
      if (!current || current.name !== type[1] || current.type !== "") throw new Error(`a type in a wrong place: ${line}`);
      current.type = type[2]!;
    } else {
      if (!current || current.type === "") throw new Error(`a line without a family: ${line}`);
      const sample = parseSample(line);
      const { name } = current;
      const allowed = format === "openmetrics" && current.type === "counter" ? ["_total"] : suffixes[current.type]!;
      if (!allowed.some((suffix) => sample.name === `${name}${suffix}`)) throw new Error(`a line of another family: ${line}`);
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(key)) throw new Error(`a series that stands there twice: ${line}`);
      seen.add(key);
      current.samples.push(sample);
    }
  }
  for (const { name, samples } of families.values()) if (samples.length === 0) throw new Error(`${name} has no lines`);
  return families;
}

function parseSample(line: string): ParsedSample {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (!match) throw new Error(`not a line of a page: ${JSON.stringify(line)}`);
  const labels: Record<string, string> = {};
  let rest = match[2] ?? "";
  while (rest !== "") {
    const one = /^([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/.exec(rest);
    if (!one || one[1]! in labels) throw new Error(`not labels: ${JSON.stringify(rest)}`);
    labels[one[1]!] = one[2]!.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(one[0].length);
  }
  const value = match[3] === "+Inf" ? Number.POSITIVE_INFINITY : Number(match[3]);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  return { name: match[1]!, labels, value };
}

/** The value of one series; undefined if it is not there. */
export function seriesValue(
  page: ReadonlyMap<string, ParsedFamily>,
  family: string,
  labels: Readonly<Record<string, string>> = {},
  name = family,
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return page.get(family)?.samples.find((sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted)
    ?.value;
}
