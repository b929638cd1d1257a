/**
 * Which of `offered` codings the client takes, the one it likes best first (RFC 9110, 12.5.3); among equals in the order offered.
 * Empty where only the plain content is left. Names are lower case.
 */
export function acceptedEncodings<Coding extends string>(accept: string, offered: readonly Coding[]): readonly Coding[] {
  if (accept === "") return [];
  const weights = new Map<string, number>();
  for (const item of accept.split(",")) {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith("q="));
    // A weight that is no number excludes: serving plain content is never wrong.
    weights.set(name === "x-gzip" ? "gzip" : name, q === undefined ? 1 : Number(q.slice(2)) || 0);
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get("*") ?? 0;
  // Coded content must be liked at least as much as the plain one.
  const plain = weights.get("identity") ?? 0;
  return offered.filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= plain).sort((a, b) => weightOf(b) - weightOf(a));
}
