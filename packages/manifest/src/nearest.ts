import { distance } from "fastest-levenshtein";

/** The candidate most like `word`, if one is like it enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A name longer than any that is allowed is no misspelling, and comparing it would take time.
  if (word.length > 128) return undefined;
  const plain = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.round(word.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    // Two letters that changed places are one slip of the finger, and count as two steps otherwise.
    const away = sameLetters(plain, other) ? Math.min(1, distance(plain, other)) : distance(plain, other);
    if (away < least) {
      best = candidate;
      least = away;
    }
  }
  return best ?? beginning(plain, candidates);
}

/** The only candidate that the word begins, or that begins the word: "strip" for "strip_prefix". */
function beginning(plain: string, candidates: readonly string[]): string | undefined {
  if (plain.length < 3) return undefined;
  const alike = candidates.filter((one) => one.length >= 3 && (one.toLowerCase().startsWith(plain) || plain.startsWith(one.toLowerCase())));
  return alike.length === 1 ? alike[0] : undefined;
}

/** `did you mean "web"?`, or what there is to choose from, or that there is nothing. */
export function suggestion(word: string, candidates: readonly string[], nothing: string): string {
  if (candidates.length === 0) return nothing;
  const best = nearest(word, candidates);
  if (best !== undefined) return `did you mean "${best}"?`;
  const some = candidates.slice(0, 12);
  return `there ${candidates.length === 1 ? "is" : "are"} ${some.map((name) => `"${name}"`).join(", ")}${candidates.length > some.length ? ", and more" : ""}`;
}

function sameLetters(one: string, other: string): boolean {
  return one.length === other.length && [...one].sort().join("") === [...other].sort().join("");
}
