/** The two text formats of metrics. */
export type ExpositionFormat = "prometheus" | "openmetrics";

const ranges: readonly { readonly format: ExpositionFormat; readonly fits: (type: string, parameters: readonly string[]) => boolean }[] = [
  {
    format: "openmetrics",
    // Without a version any will do; another version than 1.0.0 is not what we write.
    fits: (type, parameters) =>
      type === "application/openmetrics-text" && !parameters.some((one) => one.startsWith("version=") && one !== "version=1.0.0"),
  },
  {
    format: "prometheus",
    fits: (type, parameters) =>
      (type === "text/plain" && !parameters.some((one) => one.startsWith("version=") && one !== "version=0.0.4")) ||
      type === "text/*" ||
      type === "*/*",
  },
];

/**
 * The format that a scraper prefers (RFC 9110, 12.5.1): the one of the highest weight; of equal ones the one named first. A scraper that
 * names neither gets the older text format, which all can read.
 */
export function preferredFormat(accept: string | undefined): ExpositionFormat {
  let best: ExpositionFormat = "prometheus";
  let bestWeight = 0;
  for (const item of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) =>
      part
        .trim()
        .toLowerCase()
        .replaceAll(/\s*=\s*/g, "="),
    );
    const found = ranges.find(({ fits }) => fits(type, parameters));
    const q = parameters.find((one) => one.startsWith("q="))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (found && weight > bestWeight) [best, bestWeight] = [found.format, weight];
  }
  return best;
}
