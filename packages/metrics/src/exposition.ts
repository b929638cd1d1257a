import { scheduler } from "node:timers/promises";
import type { RegistryContentType } from "prom-client";
import type { ExpositionFormat } from "./accept.ts";
import type { Labels, Sample } from "./labels.ts";
import type { Family } from "./registry.ts";

/** A page of metrics. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** A family and where its lines come from. */
export interface Source {
  readonly family: Family;
  samples(): Iterable<Sample>;
}

/** A metric as `prom-client` asks for it when it writes one. */
interface Written {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  get(): Promise<unknown>;
}

/** Loads the writer (some 25 ms), which nobody needs who serves no metrics. Later calls are free. */
export async function loadWriter(): Promise<typeof import("prom-client")> {
  return import("prom-client");
}

/** Lines that are written without a pause: one to two milliseconds of work. */
const linesAtOnce = 1000;

/**
 * Writes all families that have lines, in their order. Lets other work in between, so that a page of many routes delays no request for
 * long; figures of different families may therefore be some milliseconds apart.
 */
export async function write(sources: readonly Source[], format: ExpositionFormat): Promise<Exposition> {
  const { Registry } = await loadWriter();
  const open = format === "openmetrics";
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(open ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
  const pieces: string[] = [];
  for (const { family, samples } of sources) {
    // In OpenMetrics a counter's family is named without the ending that its lines have; the writer adds it.
    const name = open && family.type === "counter" ? family.name.replace(/_total$/, "") : family.name;
    let lines: readonly Sample[] = [];
    const metric: Written = {
      name,
      help: family.help,
      type: family.type,
      get: async () => ({ ...family, name, values: valuesOf(name, lines) }),
    };
    // The type asks for a metric that counts by itself; to write one, a registry reads no more than what stands here.
    registry.registerMetric(metric as never);
    let begun = false;
    for (lines of inChunks(samples())) {
      const text = await registry.getSingleMetricAsString(name);
      pieces.push(begun ? withoutHead(text) : text);
      begun = true;
      await scheduler.yield();
    }
  }
  return { contentType: registry.contentType, body: `${pieces.join("\n")}\n${open ? "# EOF\n" : ""}` };
}

function* inChunks(samples: Iterable<Sample>): IterableIterator<readonly Sample[]> {
  let chunk: Sample[] = [];
  for (const sample of samples) {
    chunk.push(sample);
    if (chunk.length < linesAtOnce) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** The text of a family begins with two lines about it, which stand there once. */
function withoutHead(text: string): string {
  return text.slice(text.indexOf("\n", text.indexOf("\n") + 1) + 1);
}

const none: Labels = {};

/** Shared labels are kept as one object, which the writer turns into text once in its life. */
function valuesOf(name: string, lines: readonly Sample[]): readonly unknown[] {
  return lines.map(({ shared, own = none, suffix, value }) => ({
    value,
    labels: own,
    sharedLabels: shared,
    ...(suffix && { metricName: `${name}${suffix}` }),
  }));
}
