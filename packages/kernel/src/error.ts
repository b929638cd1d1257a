/**
 * The root of every error that the packages throw on purpose.
 *
 * Compare `code`, not the class: two copies of a package may be installed at once.
 * `message` says what happened, to what, and what to do; it never holds a secret.
 */
export abstract class MothershipError extends Error {
  /** Stable across releases; listed in `docs/errors.md`. */
  abstract readonly code: `MS_${string}`;
}

/** True when `error` carries this stable code, whichever copy of a package threw it. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}

/** The message of anything that was thrown, in one line, for a log field or a person. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, " ");
}
