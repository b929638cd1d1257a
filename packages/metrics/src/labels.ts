/** Label values by name. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a family: the labels that it shares with others, its own, and its value. */
export interface Sample {
  readonly shared: Labels;
  readonly own?: Labels | undefined;
  /** Behind the name of the family, for the parts of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count" | undefined;
  readonly value: number;
}

/** Characters of one label value; the rest is cut off. */
export const maxLabelLength = 256;

/** A text as the value of a label: bounded, and valid as UTF-8. */
export function labelOf(text: string): string {
  return (text.length > maxLabelLength ? text.slice(0, maxLabelLength) : text).toWellFormed();
}
