import { distance } from "fastest-levenshtein";

/** The candidate most like `word`, if one is like it enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // A name longer than any that is allowed is no misspelling, and comparing it would take time.
  if (word.length > 128) return undefined;
  const plain = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const away = distance(plain, candidate.toLowerCase());
    if (away < least) {
      best = candidate;
      least = away;
    }
  }
  return best;
}

/** `did you mean "web"?`, or what there is to choose from, or that there is nothing. */
export function suggestion(word: string, candidates: readonly string[], nothing: string): string {
  if (candidates.length === 0) return nothing;
  const best = nearest(word, candidates);
  if (best !== undefined) return `did you mean "${best}"?`;
  const some = candidates.slice(0, 12);
  return `there ${candidates.length === 1 ? "is" : "are"} ${some.map((name) => `"${name}"`).join(", ")}${candidates.length > some.length ? ", and more" : ""}`;
}
